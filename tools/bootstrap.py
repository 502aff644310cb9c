"""Make `.venv` and install the project into it: all that `make` needs before anything else.

    python3 tools/bootstrap.py server    what a server needs
    python3 tools/bootstrap.py dev       and the tools that check and test it

Needs an interpreter of CPython 3.10 to 3.14 and the package index, nothing else: the environment
is made without pip (Debian's python3 has no ensurepip), and pip comes from the wheel beside this
file. The user's pip settings (index, mirror, proxy, certificates) hold as they are. Packages are
those of the lock in requirements/, each checked against its hash.

What was installed is written into `.venv`; as long as the lock and the project's metadata have not
changed, a second run does nothing and needs no network.
"""

# Old interpreters must get as far as the message that says they are too old: no syntax here that
# is newer than Python 3.6.
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 10), (3, 14)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "liusheng-setup.json"
LEVELS = ("server", "dev")


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in LEVELS:
        sys.exit("usage: python3 tools/bootstrap.py {}".format("|".join(LEVELS)))
    level = arguments[0]
    if not is_supported(sys.version_info[:2]):
        return run_with_another_python(arguments)

    wanted = describe(level)
    found = read_stamp()
    if found["environment"] not in acceptable_environments(level):
        make_environment(level, found)
        found = {"environment": wanted["environment"], "project": None}
        write_stamp(found)
    if found["project"] != wanted["project"]:
        install_project()
        found["project"] = wanted["project"]
        write_stamp(found)
    return 0


def is_supported(version):
    return OLDEST <= tuple(version) <= NEWEST


def run_with_another_python(arguments):
    """Hand over to a supported interpreter on PATH, unless the user named this one."""
    here = "{} is Python {}.{}".format(sys.executable, *sys.version_info[:2])
    needed = "Liusheng needs Python {}.{} to {}.{}".format(*(OLDEST + NEWEST))
    if not os.environ.get("PYTHON"):
        for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
            other = shutil.which(f"python3.{minor}")
            # A version manager's shim may be on PATH for a version that is not there.
            if other and subprocess.call([other, "-c", ""], stderr=subprocess.DEVNULL) == 0:
                say(f"{here}; using {other}")
                return subprocess.call([other, __file__] + arguments)  # noqa: RUF005
    sys.exit(
        f"{needed}, and {here}.\nInstall one, or name one that is there: make PYTHON=python3.12 ..."
    )


def describe(level):
    """What an up-to-date `.venv` was made from, as two digests."""
    return {
        "environment": digest(level, ROOT / "requirements" / (level + ".txt")),
        "project": digest(
            str(ROOT), ROOT / "pyproject.toml", ROOT / "src" / "liusheng" / "_version.py"
        ),
    }


def acceptable_environments(level):
    """The digests that satisfy `level`: its own, and that of a later level, which holds it."""
    return [describe(enough)["environment"] for enough in LEVELS[LEVELS.index(level) :]]


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


def read_stamp():
    """The digests `.venv` was made from; none if it is missing, broken or of another Python."""
    nothing = {"environment": None, "project": None}
    try:
        stamp = json.loads(STAMP.read_text())
        version = subprocess.check_output(
            [str(PYTHON), "-c", "import sys; print(*sys.version_info[:2])"],
            universal_newlines=True,
        )
    except (OSError, ValueError, subprocess.CalledProcessError):
        return nothing
    of_venv = tuple(int(number) for number in version.split())
    if not is_supported(of_venv):
        return nothing
    if os.environ.get("PYTHON") and of_venv != sys.version_info[:2]:
        return nothing
    return stamp


def write_stamp(stamp):
    partial = STAMP.with_suffix(".part")
    partial.write_text(json.dumps(stamp))
    partial.replace(STAMP)


def make_environment(level, found):
    # Packages are added to an environment that the present lock made, never to an older one:
    # what is installed is what the lock says, and nothing that an earlier lock said.
    if found["environment"] not in [describe(each)["environment"] for each in LEVELS]:
        version = "{}.{}.{}".format(*sys.version_info[:3])
        say(f"making .venv with Python {version} ({sys.executable})")
        run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
        (pip,) = (ROOT / "tools" / "bootstrap").glob("pip-*.whl")
        run([str(PYTHON), str(pip / "pip"), "install", "--quiet", "--no-index", str(pip)])
    say(f"installing the packages of requirements/{level}.txt")
    pip_install(
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--requirement",
        str(ROOT / "requirements" / (level + ".txt")),
    )


def install_project():
    say("installing Liusheng from this folder")
    pip_install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def pip_install(*arguments):
    # Somebody who watches sees pip's progress bars; a log gets what goes wrong.
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    run([str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *quiet, *arguments])


def run(command):
    environment = dict(os.environ)
    # Settings that send packages somewhere else than into this environment.
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONPATH", "PYTHONHOME"):
        environment.pop(name, None)
    environment["PIP_USER"] = "0"
    code = subprocess.call(command, env=environment)
    if code:
        sys.exit("failed: {}".format(" ".join(command)))


def say(text):
    print("[setup] " + text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
