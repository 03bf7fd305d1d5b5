# SPDX-License-Identifier: MIT
"""Instructions to run a model: commands and calls count, listings and denied commands do not."""

import time

import pytest

from assessment.samples import BARE, document, replaced
from fairreg.assessment import rubric
from fairreg.assessment.evidence import FileFact

R1_4 = next(item for item in rubric.indicators() if item.id == "R1-4")
SCRIPTS = (
    "predict.py",
    "train.py",
    "tag.py",
    "evaluate.py",
    "run_model.py",
    "apply.py",
    "export.py",
    "model.py",
)
FILES = (*SCRIPTS, "src/predict.py", "tests/test_predict.py", "LICENSE", "x.pt", "x.onnx", "x.keras")


def verdict(text):
    files = tuple(FileFact(path=path, size=1, format="text") for path in FILES)
    read = (document("readme", text, "README.md"),)
    return R1_4.assess(replaced(BARE, downloaded=True, files=files, documents=read)).verdict


NO_INSTRUCTION = {
    "a listing of files": "# Files\n```\nLICENSE\npredict.py\nx.pt\n```",
    "a listing with remarks": "# Files\n```\npredict.py  runs the network (not published)\nx.pt\n```",
    "a tree": "# Layout\n```\n├── src/predict.py\n└── x.pt\n```",
    "a tree of ASCII": "# Layout\n```\n|-- predict.py\n`-- x.pt\n```",
    "a citation": "# Citation\n```bibtex\n@misc{predict, title={We predict}, note={config.yaml}}\n```",
    "a comment alone": "```\n# TODO: predict.py is not released\n```",
    "a configuration": "```yaml\npredict: true\nweights: x.pt\n```",
    "a denied command": "Do not run `python predict.py x.pt`: it is broken.",
    "a denied block": "This does not work any more:\n```\npython predict.py x.pt\n```",
    "an open task": "# Steps\n- [ ] document `python predict.py x.pt`\n",
    "a test": "```\npython -m pytest tests/test_predict.py\n```",
    "a training": "```\npython train.py --val-predict --out x.pt\n```",
    "a conversion": "```\npython export.py pipeline(x.onnx)\n```",
}


@pytest.mark.parametrize("text", NO_INSTRUCTION.values(), ids=NO_INSTRUCTION)
def test_what_runs_no_published_model_is_no_instruction(text):
    assert verdict(text) == "fail"


INSTRUCTION = {
    "inline": "Run `python tag.py x.pt`.",
    "after a condition": "If you do not want to train, run `python predict.py x.pt`.",
    "a block after a condition": "If you have no GPU, run:\n```\npython predict.py \\\n  --weights x.pt\n```",
    "evaluate": "```\npython evaluate.py x.pt\n```",
    "run_model": "```\npython run_model.py x.pt\n```",
    "apply": "```\npython apply.py --weights x.pt\n```",
    "from a folder": "```\ncd src\npython predict.py ../x.pt\n```",
    "on one line": "```\ncd src && ./predict.py ../x.pt\n```",
    "a file that it writes": "```\npython predict.py --output scores.json x.pt\n```",
    "a sample of the tests": "```\npython predict.py --model x.onnx tests/inputs.npy\n```",
    "a redirection": "```\npython predict.py x.pt > out.h5\n```",
    "a model of Keras": "```\n./predict x.keras\n```",
    "a module": "```\n$ python -m src.predict x.pt\n```",
    "the reader's data": "```\npython predict.py your_jets.h5\n```",
    "a program": "```\njet-tagger x.onnx\n```",
    "a call": '```cpp\nsession.Run("x.onnx")\n```',
    "code that saves": "```python\nnet.load_state_dict(torch.load('x.pt'))\nf.to_json('scores.json')\n```",
    "beside a training": "```\npython train.py --out new.pt\npython predict.py x.pt\n```",
}


@pytest.mark.parametrize("text", INSTRUCTION.values(), ids=INSTRUCTION)
def test_a_command_or_call_on_published_files_is_an_instruction(text):
    assert verdict(text) == "pass"


HANDLED = (
    "sha256sum x.onnx",
    "netron x.onnx",
    "du -h x.onnx",
    "scp x.onnx user@host:",
    "huggingface-cli upload org/name x.onnx",
    "zenodo_upload 123 x.onnx",
    "onnx-simplify x.onnx",
    "python -m onnx.checker x.onnx",
    "python upload_weights.py x.onnx",
    "rclone copy predict.py remote:",
    "python -c 'onnx.checker.check_model(onnx.load(\"x.onnx\"))'",
    "print(hashlib.sha256(open('x.onnx', 'rb').read()).hexdigest())",
    "hf_hub_download('org/name', 'x.onnx')",
)


@pytest.mark.parametrize("command", HANDLED)
def test_what_looks_at_a_file_of_weights_or_moves_it_does_not_run_it(command):
    assert verdict(f"```\n{command}\n```") != "pass"


RUN = (
    "trtexec --onnx=x.onnx",
    "onnxruntime_perf_test x.onnx",
    "fairreg run x.onnx",
    "jet-tagger --show x.onnx",
    "python tag.py x.pt --download",
    "net = pickle.load(open('x.pt', 'rb'))",
    "session = InferenceSession(hf_hub_download('org/name', 'x.onnx'))",
)


@pytest.mark.parametrize("command", RUN)
def test_what_loads_or_runs_a_file_of_weights_is_an_instruction(command):
    assert verdict(f"```\n{command}\n```") == "pass"


HALF = {
    "a missing file": "`python predict.py y.pt`",
    "a call": "```python\nimport jets\njets.process('my_jets.root')\n```",
    "a call in a loop": "```python\nfor batch in loader:\n    scores = net(batch)\n```",
    "a program": "```\ndocker run group/tagger --help\n```",
    "beside an installation": "```\npip install tagger\njet-tagger --input my_jets.root\n```",
    "HTML": "<pre><code>python predict.py y.pt</code></pre>",
    "a comparison with the past": "It is as fast as the old interface. Use this:\n```\n./tag-jets --all\n```",
}


@pytest.mark.parametrize("text", HALF.values(), ids=HALF)
def test_a_missing_or_unnamed_file_is_half_an_instruction(text):
    assert verdict(text) == "partial"


NOTHING_TO_RUN = {
    "a copy of the repository": "Run `git clone https://x.org/r` first.",
    "a listing": "```\nls predict.py x.pt\n```",
    "an installation": "```\npip install numpy\n```",
    "an environment": "```\nconda env create -f environment.yml\nconda activate x\n```",
    "documentation": "```\nmake docs\n```",
    "a build": "```\ncmake -B build .\nmake\n```",
    "installation and training": "```\npip install -r requirements.txt\npython train.py --epochs 20\n```",
    "a definition": "```python\ndef forward(self, x):\n    return self.net(x)\n```",
    "a class": "```python\nclass Net(Module):\n    def __init__(self):\n        self.fc = Linear(3, 2)\n```",
    "a loop": "```cpp\nfor (int i = 0; i < n; i++) { h->Fill(x[i]); }\n```",
    "a command of old": "The old command was:\n```\npython predict.py x.pt\n```",
    "taken back behind it": "This is a command:\n```\npython predict.py x.pt\n```\nIt no longer works.",
    "HTML": "<pre><code>pip install numpy</code></pre>",
}


@pytest.mark.parametrize("text", NOTHING_TO_RUN.values(), ids=NOTHING_TO_RUN)
def test_a_preparation_or_a_definition_alone_is_no_instruction(text):
    assert verdict(text) == "fail"


@pytest.mark.parametrize(
    "text",
    [
        "<pre><code>python predict.py --model x.onnx\n</code></pre>",
        '<h2>Usage</h2><pre lang="python">s = InferenceSession(&quot;x.onnx&quot;)</pre><p>Good luck.</p>',
        "```python\ndef scores(jets):\n    session = InferenceSession('x.onnx')\n    return session\n```",
        "```\npython predict.py x.pt\n```\nIt does not need a GPU.",
    ],
)
def test_code_of_html_and_of_functions_that_run_the_model_is_an_instruction(text):
    assert verdict(text) == "pass"


@pytest.mark.parametrize(
    "unit", ["/tests/", "--out_a", "_a", "a.", "docker run ", "a=1 ", "save(", "eprint = {"]
)
def test_a_long_block_is_read_in_linear_time(unit):
    started = time.thread_time()
    verdict(f"```\npython {unit * 10_000}\n```")
    assert time.thread_time() - started < 2


@pytest.mark.parametrize(
    "unit",
    ["upload", ".pt upload", "check_model(.pt ", "for { ", "<pre><code>", "</pre>", "\ndef a:\n  b(.pt)"],
)
def test_a_long_block_about_weights_is_read_in_linear_time(unit):
    started = time.thread_time()
    verdict(f"```\npython .pt {unit * 4_000}\n```")
    assert time.thread_time() - started < 1
