# SPDX-License-Identifier: MIT
"""Which files of a folder are published, and what is told of the others."""

import json
import tracemalloc

import pytest

from fairreg.errors import UsageError
from fairreg.publish.base import MOST_FILES
from fairreg.services.publish.selection import HOLDS_TOKEN, select

PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc"


@pytest.fixture
def folder(tmp_path):
    def fill(*names, **contents):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents.get(name, "x"))
        return tmp_path

    return fill


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".env", "may hold a secret"),
        (".env.local", "may hold a secret"),
        ("id_rsa", "may hold a secret"),
        ("server.pem", "may hold a secret"),
        ("credentials.json", "may hold a secret"),
        ("api-token.txt", "may hold a secret"),
        ("prod.env", "may hold a secret"),
        ("docker.env.local", "may hold a secret"),
        ("credentials.csv", "may hold a secret"),
        (".ssh/config", "may hold a secret"),
        (".pypirc", "may hold a secret"),
        (".netrc", "may hold a secret"),
        (".git/HEAD", "version control"),
        (".hg/hgrc", "version control"),
        (".DS_Store", "hidden"),
        ("data/big.root", "data"),
        ("src/__pycache__/a.pyc", "a cache"),
        ("a.egg-info/PKG-INFO", "built"),
        ("train.log", "output of runs"),
        ("predictions.csv", "output of runs"),
        ("model.onnx.part", "unfinished"),
        ("wandb/run.json", "output of runs"),
    ],
)
def test_what_is_not_for_others_is_left_out_with_its_reason(folder, name, reason):
    found = select(folder("model.onnx", name))
    assert found.names == ("model.onnx",)
    ((left, told),) = found.left_out
    assert left.rstrip("/") in {name, name.split("/")[0], "src/__pycache__"}
    assert reason in told


@pytest.mark.parametrize(
    "name",
    [
        *("tokenizer.json", "tokens_model.onnx", "special_tokens_map.json", "environment.yml", "src/data.py"),
        *(".zenodo.json", ".github/workflows/test.yml", "training/config.yaml", "tests/vectors/inputs.npz"),
        *("docs/data/table.csv", "keys.py", "password_model.onnx"),
    ],
)
def test_what_only_looks_like_it_is_published(folder, name):
    expected = name != "docs/data/table.csv"
    assert (name in select(folder("model.onnx", name)).names) == expected


@pytest.mark.parametrize(
    "text",
    [
        PRIVATE_KEY,
        "token: hf_" + "A1" * 17,
        "ghp_" + "a" * 36,
        "github_pat_" + "a" * 40,
        "AKIA" + "ABCDEFGH12345678",
        "my-own-token",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        "PuTTY-User-Key-File-2: ssh-rsa",
        "sk-proj-" + "a1B2" * 12,
        "sk-ant-api03-" + "a1B2" * 20,
        "xoxb-" + "123456789012-abcdefghij",
        "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
        "pypi-" + "AgEIcHlwaS5vcmc" + "A" * 60,
        "ASIA" + "ABCDEFGH12345678",
        "export AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYa1b2c3d4e5",
        "wandb_api_key: " + "0123456789abcdef" * 2 + "01234567",
        '{"zenodo_token": "' + "aB3" * 20 + '"}',
        "git clone https://me:pass@host/x.git",
        r'"line\nhf_' + "A1" * 17,
    ],
)
def test_a_file_with_a_token_in_it_is_left_out_even_if_it_is_included(folder, text):
    place = folder("model.onnx", "notes.md", **{"notes.md": f"before {text} after"})
    found = select(place, include=("notes.md",), tokens=("my-own-token",))
    assert found.names == ("model.onnx",)
    assert found.left_out[0].reason == "holds an access token or a private key"


R40 = "aB3dE5gH7j" * 4
HEX = "0123456789abcdef"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {R40}",
        f'headers = {{"Authorization": "token {HEX * 8}"}}',
        "Authorization: Basic dXNlcjE6cGFzc3dvcmQx",
        f"curl --token {R40}",
        f"upload --api-key='{R40}'",
        f"https://hooks.slack.com/services/T00000000/B00000000/{R40[:24]}",
        f"https://discord.com/api/webhooks/123456789012345678/{R40 + R40}",
        f"DefaultEndpointsProtocol=https;AccountKey={(R40 * 3)[:86]}==",
        "redis://:s3cr3tpass@host:6379/0",
        f'{{"auths": {{"ghcr.io": {{"auth": "{R40}=="}}}}}}',
        f'{{"username":"ann","key":"{HEX * 2}"}}',
        f"KAGGLE_KEY={HEX * 2}",
        f"wandb.login(key='{HEX + HEX + HEX[:8]}')",
        f"wandb login {HEX + HEX + HEX[:8]}",
        "machine api.wandb.ai\n  login user\n  password hunter2",
        "api_key: 123e4567-e89b-12d3-a456-426614174000",
        "X-Dataverse-key: 123e4567-e89b-12d3-a456-426614174000",
        f'comet_ml.Experiment(api_key="{R40[:25]}")',
        "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_",
        "ann:$apr1$abcdefgh$" + "a1" * 11,
    ],
)
def test_secrets_of_headers_commands_and_settings_are_left_out(folder, text):
    found = select(folder("model.onnx", "notes.txt", **{"notes.txt": f"x {text} y\n"}))
    assert found.names == ("model.onnx",)
    assert found.left_out[0].reason == "holds an access token or a private key"


@pytest.mark.parametrize(
    "name",
    [
        *("secrets.py", "credentials.bak", "credentials.json.bak", "passwords.docx", "api_keys.py"),
        *("client_secret_123.json", "service-account-1.json", "terraform.tfstate", "prod.tfvars"),
        *("kubeconfig", "lab.kubeconfig.yml", "auth.json", "cookies.txt", "htpasswd", "id_rsa.bak"),
        *("rclone.conf", "db_credentials.csv.old"),
    ],
)
def test_names_of_files_with_secrets_are_left_out_whatever_they_hold(folder, name):
    found = select(folder("model.onnx", name), include=("*",))
    assert found == (("model.onnx",), ((name, "may hold a secret"),))


@pytest.mark.parametrize(
    "name",
    [
        *("check_password.py", "test_credentials.py", "docs/secrets.md", "password.onnx"),
        *("secretary.py", "author.json", "keys.json", "apikeys.md"),
    ],
)
def test_names_that_only_speak_of_secrets_are_published(folder, name):
    assert name in select(folder("model.onnx", name)).names


def test_words_that_only_begin_like_a_token_are_published(folder):
    place = folder("notes.md", **{"notes.md": "hf_hub_download and ghp_ and AKIA"})
    assert select(place).names == ("notes.md",)


@pytest.mark.parametrize(
    "text",
    [
        "From docker://python:3.11-slim@sha256:" + "0a" * 32,
        "https://${USER}:${PASSWORD}@host/x.git and ssh://git@github.com:22/lab/toy",
        "token = tokenizer_of_the_model_that_was_trained(path)",
        "pad_token: '<pad>', token: " + "a" * 40,
        "sha256: " + "0a" * 32,
        "http://localhost:8080/a:b@c",
        "Authorization: Bearer YOUR_ACCESS_TOKEN and Authorization: token ${ZENODO_TOKEN}",
        "Bearer tokens of OAuth 2.0 are used; curl --token $TOKEN --password-file secret1.txt",
        '{"key": "' + "0a" * 16 + '", "auth": "required", "api_key": "your-own-api-key-of-openai"}',
        "wandb.login() of commit " + "0a" * 20,
        "machine HOST login USER password <PASSWORD>",
        "api_key = os.environ['OPENAI_API_KEY_OF_THE_GROUP_2024']",
    ],
)
def test_texts_that_only_look_like_secrets_are_published(folder, text):
    assert select(folder("notes.md", **{"notes.md": text})).names == ("notes.md",)


# Letters and digits as services draw them; each half is too short to be a token.
RANDOM = "q7Xa91bKz4mP0tR8sLd2" + "Vw6Yc3Nf5Gh1Jk8Ue9To"
URLSAFE = "q7Xa91bKz4-mP0tR8sLd2" + "Vw6Yc3_Nf5Gh1Jk8Ue9To"


@pytest.mark.parametrize(
    "text",
    [
        f'os.environ["WANDB_API_KEY"] = "{HEX * 2}01234567"',
        json.dumps({"source": [f"os.environ['ZENODO_TOKEN'] = '{RANDOM}'\n"]}),
        json.dumps({"source": [f'os.environ["KAGGLE_KEY"] = "{HEX * 2}"\n', "x"]}),
        f"config['access_token'] = '{RANDOM}'",
        f"os.environ.setdefault('X_TOKEN', '{RANDOM}')",
        f'os.getenv("X_TOKEN", "{RANDOM}")',
        f"%env X_TOKEN {RANDOM}",
        f"ENV X_TOKEN {RANDOM}",
        f"setenv MISTRAL_API_KEY {RANDOM}",
        f"set -gx X_TOKEN {RANDOM}",
        f"git config --global lab.token {RANDOM}",
        f'api_key <- "{RANDOM}"',
        f"token: str = '{URLSAFE}'",
        f"api_key:\n  {RANDOM}",
        f"- name: X_TOKEN\n  value: {RANDOM}",
        f"<token>{RANDOM}</token>",
        f'token = "{URLSAFE}"',
        f"SECRET_KEY = b'{URLSAFE}'",
        f"storage_options={{'secret': '{RANDOM[:20]}/{RANDOM[20:]}+a'}}",
        f"MLFLOW_TRACKING_PASSWORD={RANDOM[:16]}",
        f"git clone https://{RANDOM}@host/x.git",
        f"curl -u me:{RANDOM} https://host",
        f"wandb:\n  entity: lab\n  key: {HEX * 2}01234567",
        "nvapi-" + RANDOM + RANDOM,
        f"lsv2_pt_{HEX * 2}_{HEX[:10]}",
        "tvly-" + RANDOM[:32],
        "a1B8Q~" + RANDOM[:34],
    ],
)
def test_secrets_in_code_notebooks_shells_and_settings_are_left_out(folder, text):
    found = select(folder("model.onnx", "notes.txt", **{"notes.txt": f"x\n {text}\ny\n"}))
    assert found.names == ("model.onnx",)
    assert found.left_out[0].reason == "holds an access token or a private key"


@pytest.mark.parametrize(
    "text",
    [
        "os.environ['ZENODO_TOKEN'] = os.environ['TOKEN_OF_THE_GROUP_2024_OF_ZENODO']",
        'os.environ["WANDB_API_KEY"] = "YOUR_API_KEY_GOES_HERE_12345678"',
        "export X_TOKEN=<your-token-1a2b3c4d5e6f>",
        "ENV X_TOKEN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1",
        "os.getenv('X_TOKEN', 'reserved_special_token_128000_of_the_model')",
        "token = 'model_layers_12_self_attn_q_proj_weight'",
        "secret: /run/secrets/zenodo_2024/group_7/token",
        "last_token: 2026-11-30T17-27-20-123Z",
        "CACHE_KEY = '" + "0a" * 16 + "'",
        "https://a-long-name-of-a-user-2024@host/x.git and docker://lab/toy@sha256:" + "0a" * 32,
        "curl -u user:PASSWORD_OF_THE_USER_1 https://host",
        "tokens, secrets, keys, 0.125, 0.25",
    ],
)
def test_names_of_secrets_with_placeholders_and_words_are_published(folder, text):
    assert select(folder("notes.md", **{"notes.md": text})).names == ("notes.md",)


@pytest.mark.parametrize(
    "text",
    [
        "mlflow server --backend-store-uri postgresql://user:password@localhost/mlflowdb",
        "amqp://guest:guest@localhost:5672// and redis://:password@localhost:6379",
        "postgres://postgres:postgres@db:5432/x and mongodb://root:example@mongo:27017",
        "http://user:pass@proxy:8080 and https://oauth2:TOKEN@gitlab.com/x",
        "https://x-access-token:GITHUB_TOKEN@github.com/x",
        "token='hf_" + "X" * 34 + "' and sk-" + "x" * 48,
        "AKIAIOSFODNN7" + "EXAMPLE with wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
        "mysql+pymysql://scott:tiger@localhost/test",
    ],
)
def test_placeholders_of_documentation_are_published(folder, text):
    place = folder("a.md", "notes.md", **{"notes.md": f"x {text}\n"})
    assert select(place).names == ("a.md", "notes.md")
    (place / "notes.md").write_text(f"{text} hf_{'A1' * 17}")
    assert [item.reason for item in select(place).left_out] == [HOLDS_TOKEN]


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ml:Xy7kk@localhost/x",
        "https://guest:guest@example.org/x",
        "https://user:s3cret-Of-2024@localhost/x",
        "https://me:PASSWORD2024@host/x.git",
        "hf_" + "xA1" * 12,
    ],
)
def test_what_is_like_a_placeholder_is_left_out_all_the_same(folder, text):
    place = folder("a.md", "notes.md", **{"notes.md": text})
    assert select(place).names == ("a.md",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("added_tokens.json", '{"<|im_end|>": 151645, "<|reserved_special_token_100|>": 128105}'),
        ("special_tokens.txt", "<pad>\n<s>\n<extra_id_99>"),
        ("lang/tokens.txt", "<blk> 0\n\u2581THE 4\n#0 500"),
        ("tokens/phones.txt", "AA0 1\nAE1 2"),
    ],
)
def test_vocabularies_of_models_are_published(folder, name, text):
    assert name in select(folder("model.onnx", name, **{name: text})).names


@pytest.mark.parametrize("name", ["tokens.txt", "my_tokens.json", "tokens/zenodo.txt"])
def test_a_list_of_tokens_of_any_service_is_left_out(folder, name):
    found = select(folder("model.onnx", name, **{name: "zenodo " + "aB3dE" * 12}), include=("*",))
    assert found.names == ("model.onnx",)


@pytest.mark.parametrize("name", ["api_tokens.txt", "access-tokens.json", "token.txt", "hub_token.json"])
def test_names_of_access_tokens_are_left_out_whatever_they_hold(folder, name):
    assert select(folder("model.onnx", name)).names == ("model.onnx",)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_tokens_are_found_in_texts_of_wide_characters(folder, encoding):
    place = folder("model.onnx")
    (place / "a.txt").write_bytes(("hf_" + "a" * 34).encode(encoding))
    (place / "b.txt").write_bytes("my-own-token".encode(encoding))
    assert select(place, tokens=("my-own-token",)).names == ("model.onnx",)


@pytest.mark.sliced(2)
@pytest.mark.parametrize("at", [(1 << 20) - 20, (1 << 20) + 5, (2 << 20) + 9_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_secret_anywhere_in_a_long_text_is_found(folder, at, encoding):
    place = folder("model.onnx")
    text = ("0.5,0.25\n" * (at // 9 + 1))[:at] + "\nhf_" + "a1" * 17 + "\n" + "0.125\n" * 100
    (place / "notes.txt").write_bytes(text.encode(encoding))
    found = select(place)
    assert found.names == ("model.onnx",)
    assert found.left_out[0].reason == "holds an access token or a private key"


def test_words_at_the_border_of_two_pieces_are_no_tokens(folder):
    """A form begins where no word goes on, also where the text is read in pieces."""
    word = "x" * 4 + "hf_" + "a1" * 17
    place = folder("notes.txt", **{"notes.txt": f"{word}." * ((3 << 20) // (len(word) + 1))})
    assert select(place).names == ("notes.txt",)


@pytest.mark.parametrize(("at", "is_found"), [(100, True), (3 << 19, False), ((3 << 20) - 50, True)])
def test_binary_files_are_searched_at_their_ends(folder, at, is_found):
    place = folder("README.md")
    content = bytearray(b"\x08\x00weights\x00" * ((3 << 20) // 10))
    content[at : at + 38] = b"-hf_" + b"a1" * 17
    (place / "model.onnx").write_bytes(content)
    assert ("model.onnx" not in select(place).names) == is_found


def test_memory_for_a_long_text_is_bounded(folder):
    place = folder("notes.txt")
    with (place / "notes.txt").open("wb") as file:
        file.writelines(b"0.5,0.25\n" * 100_000 for _ in range(8))
    tracemalloc.start()
    select(place)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert highest < 5 << 20


@pytest.mark.parametrize("pattern", ["*", "data/*", "nested", ".git/*", "data/.env", "nested/.git/config"])
def test_no_pattern_brings_back_secrets_and_version_control(folder, pattern):
    place = folder("model.onnx", "data/.env", "data/credentials.json", "data/.git/config", "data/toy.csv")
    folder(
        ".git/config", "nested/.git/config", "nested/.svn/entries", "nested/x.txt", ".netrc", "secrets/a.txt"
    )
    assert set(select(place, include=(pattern,)).names) <= {"model.onnx", "nested/x.txt", "data/toy.csv"}


def test_a_secret_that_the_user_names_is_told(folder):
    place = folder("model.onnx", "data/.env", "data/notes.md", "data/x.csv", **{"data/notes.md": PRIVATE_KEY})
    found = select(place, include=("data/*",))
    assert found.names == ("data/x.csv", "model.onnx")
    left_out = dict(found.left_out)
    assert left_out["data/.env"] == "may hold a secret"
    assert left_out["data/notes.md"] == "holds an access token or a private key"


def test_include_brings_back_and_exclude_takes_away(folder):
    place = folder("model.onnx", "data/toy.csv", "data/big.root", "notebooks/a.ipynb", ".env")
    found = select(place, include=("data/toy.csv",), exclude=("notebooks",))
    assert found.names == ("data/toy.csv", "model.onnx")
    assert dict(found.left_out) == {
        ".env": "may hold a secret",
        "data/": "data, which has a record of its own, except what --include names",
        "notebooks/": "excluded",
    }


def test_links_are_not_followed(folder, tmp_path):
    place = folder("model.onnx")
    (place / "passwd").symlink_to("/etc/passwd")
    (place / "up").symlink_to(tmp_path.parent)
    found = select(place)
    assert found.names == ("model.onnx",)
    assert {item.reason for item in found.left_out} == {"a link"}


@pytest.mark.parametrize("name", ["a\nb.onnx", "\x1b[31m.md", "a\u202eb.txt", "\udcff.txt"])
def test_names_that_are_not_plain_text_are_left_out(folder, name):
    found = select(folder("model.onnx", name))
    assert found.names == ("model.onnx",)
    ((shown, reason),) = found.left_out
    assert shown.isascii()
    assert "not plain text" in reason


def test_fairregs_own_state_is_neither_published_nor_mentioned(folder):
    found = select(folder("model.onnx", ".fairreg/publish.json"))
    assert found == (("model.onnx",), ())


def test_too_many_files_and_none_are_wrong_usage(folder):
    with pytest.raises(UsageError, match="has no files to publish"):
        select(folder(".env"))
    with pytest.raises(
        UsageError, match=rf"{MOST_FILES + 1} files to publish, and the service takes {MOST_FILES}"
    ):
        select(folder(*(f"{number}.txt" for number in range(MOST_FILES + 1))))

    assert len(select(folder(), limit=MOST_FILES + 1).names) == MOST_FILES + 1


def test_the_data_of_a_data_set_are_published(folder):
    place = folder("README.md", "data/a.csv", "src/datasets/b.csv", "data/.env", "data/raw/c.csv")
    found = select(place, exclude=("raw",), is_data_set=lambda names: names == ("README.md",))
    assert found.names == ("README.md", "data/a.csv", "src/datasets/b.csv")
    assert dict(found.left_out) == {"data/.env": "may hold a secret", "data/raw/": "excluded"}


def test_folders_without_end_are_refused(folder):
    place = folder("model.onnx")
    deep = place.joinpath(*["d"] * 101)
    deep.mkdir(parents=True)
    with pytest.raises(UsageError, match="more than 100 deep"):
        select(place)
    assert select(place, exclude=("d",)).names == ("model.onnx",)
