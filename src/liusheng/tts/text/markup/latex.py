"""LaTeX formulas in the plain notation that the rules for written forms read: x^2, √2, a≤b."""

from __future__ import annotations

import re

_COMMANDS = {
    "times": "×", "cdot": "×", "div": "÷", "pm": "±", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
    "ne": "≠", "neq": "≠", "approx": "≈", "equiv": "≡", "lt": "<", "gt": ">", "infty": "∞",
    "sum": "∑", "prod": "∏", "int": "∫", "in": "∈", "notin": "∉", "to": "→", "rightarrow": "→",
    "Rightarrow": "⇒", "implies": "⇒", "because": "∵", "therefore": "∴", "angle": "∠",
    "perp": "⊥", "parallel": "∥", "cup": "∪", "cap": "∩", "subset": "⊂", "supset": "⊃",
    "forall": "∀", "exists": "∃", "emptyset": "∅", "partial": "∂", "triangle": "△", "circ": "°",
    "degree": "°", "ldots": "…", "cdots": "…", "dots": "…", "neg": "¬", "ast": "*",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ",
    "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω",
}  # fmt: skip
_SILENT = frozenset(
    "left right big Big bigg Bigg displaystyle textstyle limits nolimits quad qquad , ; : ! begin "
    "end mathrm mathbf mathit text textbf textit operatorname boxed mathbb mathcal vec hat bar "
    "overline underline label tag".split()
)
"""Commands that change only how it looks, or whose argument is read by itself."""

_GROUP = r"\{([^{}]*)\}"
_FRACTION = re.compile(rf"\\[dt]?frac\s*(?:{_GROUP}\s*{_GROUP}|(\d)(\d))")
_ROOT = re.compile(rf"\\sqrt\s*(?:\[([^\]]*)\])?\s*(?:{_GROUP}|(\w))")
_POWER = re.compile(rf"\^\s*(?:{_GROUP}|(\\?\w+|[*′']))")
_BASE = re.compile(rf"\\(log|lim|max|min)_\s*(?:{_GROUP}|(\w))")
_BOUNDS = re.compile(
    rf"\\(sum|prod|int)\s*(?:\\limits)?\s*_\s*(?:{_GROUP}|(\w))\s*\^\s*(?:{_GROUP}|(\\?\w+))"
)
_BOUNDED = {
    "sum": ("求和", "the sum"),
    "prod": ("求积", "the product"),
    "int": ("积分", "the integral"),
}
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)\s*")
_OPERATOR = re.compile(r"[-+×÷=<>≤≥/ ]")
_DEEPEST = 8
"""Fractions inside fractions that are resolved."""


def spoken(formula: str, *, mandarin: bool) -> str:
    """A formula's plain notation, with words for what has none.

    mandarin: whether those words are Mandarin or English: "2分之a+b" or "a+b over 2".
    """
    text = _ENVIRONMENT.sub(" ", formula).replace("\\\\", " ").replace("&", " ")
    text = text.replace("\\{", "(").replace("\\}", ")")

    def fraction(match: re.Match[str]) -> str:
        top, bottom = match[1] or match[3] or "", match[2] or match[4] or ""
        top, bottom = top.strip(), bottom.strip()
        if top.isdecimal() and bottom.isdecimal():
            return f"{top}/{bottom}"
        return f" {bottom}分之{top} " if mandarin else f" {top} over {bottom} "

    def root(match: re.Match[str]) -> str:
        index, what = match[1], match[2] or match[3]
        if index:
            return f" {index}次根号{what} " if mandarin else f" the root {index} of {what} "
        if _OPERATOR.search(what):
            return f" 根号下{what} " if mandarin else f" the square root of {what} "
        return "√" + what

    def power(match: re.Match[str]) -> str:
        exponent = (match[1] or match[2]).strip()
        if exponent in ("\\circ", "°"):
            return "°"
        if re.fullmatch(r"[-+]?\d+", exponent):
            return "^" + exponent
        if exponent in ("'", "′", "\\prime"):
            return "′"
        return f"的{exponent}次方" if mandarin else f" to the power of {exponent}"

    def bounds(match: re.Match[str]) -> str:
        low, high = match[2] or match[3], match[4] or match[5]
        name = _BOUNDED[match[1]][0 if mandarin else 1]
        if mandarin:
            return f" {name}，从{low}到{high}，"
        return f" {name} from {low} to {high} of "

    text = _BOUNDS.sub(bounds, text)
    for _ in range(_DEEPEST):
        before = text
        text = _ROOT.sub(root, _FRACTION.sub(fraction, _POWER.sub(power, text)))
        text = _BASE.sub(lambda m: f"{m[1]}_{m[2] or m[3]} ", text)
        text = re.sub(r"(?<!log)_\s*(?:\{([^{}]*)\}|(\w))", lambda m: m[1] or m[2] or "", text)
        if text == before:
            break
    text = _COMMAND.sub(lambda m: _command(m[1]), text)
    return re.sub(r"\s+", " ", text.replace("{", "").replace("}", "")).strip()


def _command(name: str) -> str:
    if name in _COMMANDS:
        return _COMMANDS[name]
    if name in _SILENT or name.isspace():
        return " "
    return name if len(name) == 1 else f" {name} "


def is_command(name: str) -> bool:
    """Whether a command outside of a formula is one of LaTeX's: \\frac, \\alpha."""
    return name in _COMMANDS or name in ("frac", "dfrac", "tfrac", "sqrt")
