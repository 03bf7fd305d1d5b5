# SPDX-License-Identifier: MIT
"""Metadata, cards and licences that are left out without the user's wish keep a draft from the public."""

import pytest

TOKEN = "hf_" + "A1" * 17


@pytest.mark.sliced(2)
@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "LICENSE", "LICENSE-WEIGHTS"])
def test_a_file_that_says_what_the_record_is_has_to_be_published(run, stand, folder, name):
    path = folder / name
    path.write_text((path.read_text() if path.exists() else "MIT License\n") + f"\n# {TOKEN}\n")
    told = [item.message for item in run().faults]
    assert f"{name} is left out (holds an access token or a private key): " in " ".join(told)
    assert f"with --exclude {name}" in " ".join(told)
    assert not stand.published()
    faults = run(exclude=(name,)).faults
    assert not any(item.field == "files" for item in faults)


def test_a_link_in_the_place_of_metadata_is_a_fault(run, stand, folder):
    (folder / "docs").mkdir()
    (folder / "README.md").rename(folder / "docs" / "README.md")
    (folder / "README.md").symlink_to("docs/README.md")
    assert [item.message for item in run().faults] == [
        "README.md is left out (a link): replace the link by the file"
    ]
    assert not stand.published()


def test_a_placeholder_in_a_readme_is_published(run, stand, folder):
    with (folder / "README.md").open("a") as file:
        file.write("\n```\nmlflow server --backend-store-uri postgresql://user:password@localhost/x\n```\n")
    assert not run().faults
    assert b"user:password@localhost" in stand.published()[0].files["README.md"].content


def test_a_card_that_is_excluded_counts_for_the_licence(run, stand, folder):
    card = folder / "README.md"
    card.write_text(card.read_text().replace("license: mit", "license: cc-by-nc-4.0"))
    (fault,) = run(exclude=("README.md",)).faults
    assert "README.md (CC-BY-NC-4.0)" in fault.message
    assert not stand.published()
