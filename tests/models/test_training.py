# SPDX-License-Identifier: MIT
"""A training learns, stops when it should, and goes on exactly where it was stopped."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from fairreg.errors import ModelError, UsageError
from fairreg.models.hbb_in import metrics
from fairreg.models.hbb_in.inputs import ALL_FEATURES, FeatureSelection
from fairreg.models.hbb_in.jet_files import JetSample
from fairreg.models.hbb_in.training import normalisation, packing, splits, stability
from fairreg.models.hbb_in.training.batches import TorchJets, batches
from fairreg.models.hbb_in.training.schedule import SCHEDULES, factor
from fairreg.models.hbb_in.training.setup import Setup
from support import toy
from support.networks import definition, random_tensors

JETS = 240
SMALL = Setup(hidden=8, d_e=4, d_o=4, epochs=3, learning_rate=3e-3)


def sample_of(jets):
    count = len(jets)
    return JetSample(
        tracks=jets.tracks,
        vertices=jets.vertices,
        labels=jets.labels.astype(np.float32),
        weight=np.ones(count, np.float32),
        event=np.arange(count) // 2,
        file=np.zeros(count, np.int32),
        spectators=np.zeros((count, 0), np.float32),
        files=("toy",),
        spectator_names=(),
    )


@pytest.fixture(scope="module")
def sample():
    return sample_of(toy.toy_jets(JETS, 11))


@pytest.fixture(scope="module")
def packed(sample):
    return packing.pack([sample], ALL_FEATURES)


@pytest.fixture(scope="module")
def prepared(packed):
    """Standardised jets and their split."""
    split = splits.by_events(packed, 0.25, 0)
    return normalisation.measured(packed, split.training).apply(packed), split


def unpacked(objects, jet):
    return objects.rows[objects.starts[jet] : objects.starts[jet + 1]]


def test_packing_keeps_the_real_tracks_in_order_and_drops_the_padding(sample, packed):
    for jet in range(0, JETS, 40):
        for objects, dense in ((packed.tracks, sample.tracks), (packed.vertices, sample.vertices)):
            rows = dense[jet].T
            np.testing.assert_array_equal(unpacked(objects, jet), rows[rows.any(axis=1)])
    assert not packed.tracks.rows[-1].any()


def test_packing_in_slices_is_packing_at_once_and_leaves_out_dropped_features(sample, packed):
    parts = [
        replace(
            sample,
            **{name: getattr(sample, name)[part] for name in ("tracks", "vertices", "labels", "event")},
        )
        for part in (slice(0, 100), slice(100, JETS))
    ]
    found = packing.pack(
        [replace(part, file=part.file[: len(part)]) for part in parts], FeatureSelection((0, 5), (1,))
    )
    np.testing.assert_array_equal(found.tracks.rows, packed.tracks.rows[:, [0, 5]])
    np.testing.assert_array_equal(found.vertices.rows, packed.vertices.rows[:, [1]])
    np.testing.assert_array_equal(found.tracks.starts, packed.tracks.starts)


def test_a_jet_that_is_neither_is_no_labelled_jet(sample):
    labels = sample.labels.copy()
    labels[3] = 0
    found = packing.pack([replace(sample, labels=labels)], ALL_FEATURES)
    assert (len(found), len(found.labelled), found.classes[3]) == (JETS, JETS - 1, packing.NEITHER)


def test_no_jets_are_a_model_error():
    with pytest.raises(ModelError, match="no jets"):
        packing.pack([], ALL_FEATURES)


def standardised(jets, found):
    """Dense arrays with every slot standardised, float64."""
    tracks = (jets.tracks - found.track_shift[:, None]) / found.track_scale[:, None]
    vertices = (jets.vertices - found.vertex_shift[:, None]) / found.vertex_scale[:, None]
    return tracks, vertices


def logit(probabilities):
    return np.log(probabilities[:, 1].astype("f8") / probabilities[:, 0])


def test_the_folded_network_does_on_raw_features_what_was_trained(sample, packed, paper_sizes):
    found = normalisation.measured(packed, packed.labelled)
    trained = random_tensors(paper_sizes, seed=3)
    trained["fc_fixed.weight"] *= 0.1
    few = replace(sample, tracks=sample.tracks[:6].astype("f8"), vertices=sample.vertices[:6].astype("f8"))
    expected = definition(trained, *standardised(few, found))
    assert np.ptp(expected[:, 1]) > 0.01
    folded = normalisation.fold(trained, found)
    np.testing.assert_allclose(definition(folded, few.tracks, few.vertices), expected, rtol=1e-6)
    in_float32 = {name: array.astype(np.float32) for name, array in folded.items()}
    np.testing.assert_allclose(definition(in_float32, few.tracks, few.vertices), expected, rtol=1e-4)


def test_folded_weights_stay_exact_in_float32_from_tiny_covariances_to_huge_significances(paper_sizes):
    """onnxruntime in float32 on raw features against float64 on standardised ones, in logits."""
    from fairreg.models.hbb_in.runner import build

    random = np.random.default_rng(5)
    size = 10.0 ** random.uniform(-10, 4, (1, 30, 1))
    tracks = size * random.normal(1, 1, (50, 30, 60)) * (np.arange(60) < 25)
    vertices = 10.0 ** random.uniform(-4, 4, (1, 14, 1)) * random.normal(size=(50, 14, 5))
    jets = replace(sample_of(toy.toy_jets(50, 1)), tracks=tracks.astype("f4"), vertices=vertices.astype("f4"))
    found = normalisation.measured(packing.pack([jets], ALL_FEATURES), np.arange(50))
    trained = random_tensors(paper_sizes, seed=4)
    expected = definition(trained, *standardised(jets, found))
    probabilities = build(normalisation.fold(trained, found)).predict(jets.tracks, jets.vertices)
    assert np.ptp(logit(expected)) > 0.5
    np.testing.assert_allclose(logit(probabilities), logit(expected), rtol=2e-5)


def test_a_constant_and_an_empty_feature_have_a_usable_scale(packed):
    rows = np.ones_like(packed.tracks.rows)
    rows[:, 0], rows[:, 1] = 5.0, 0.0
    found = normalisation.measured(packed.with_rows(rows, packed.vertices.rows), packed.labelled)
    assert (found.track_shift[0], found.track_scale[0], found.track_scale[1]) == (5.0, 0.5, 1.0)


def test_constants_come_from_the_training_jets_only(packed):
    changed = packed.tracks.rows.copy()
    changed[packed.tracks.starts[100] : -1] *= 7
    found = [
        normalisation.measured(packed.with_rows(rows, packed.vertices.rows), np.arange(100))
        for rows in (packed.tracks.rows, changed)
    ]
    np.testing.assert_array_equal(found[0].track_scale, found[1].track_scale)


def test_an_epoch_holds_every_jet_once_and_drops_no_last_batch():
    indices = np.arange(5, 305)
    first, again, other = (list(batches(indices, 128, 1, epoch)) for epoch in (0, 0, 1))
    assert [len(batch) for batch in first] == [128, 128, 44]
    assert sorted(np.concatenate(first)) == indices.tolist()
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(again))
    assert not np.array_equal(np.concatenate(first), np.concatenate(other))


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_stays_between_nothing_and_the_full_rate(name):
    rates = [factor(name, progress) for progress in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(1, abs=1e-3)
    assert min(rates) >= 0
    assert rates[-1] == pytest.approx(1 if name == "constant" else 0)
    assert factor("onecycle", 0) < 0.1


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"learning_rate": float("nan")}, {"schedule": "x"}, {"dropped": ("track_x",)}]
)
def test_a_setup_that_cannot_be_meant_is_a_usage_error(wrong):
    with pytest.raises(UsageError):
        Setup(**wrong)


def test_the_defaults_are_the_papers(paper_sizes):
    setup = Setup()
    assert setup.sizes == paper_sizes
    assert (setup.learning_rate, setup.batch_size, setup.patience) == (1e-4, 128, 8)
    assert Setup(dropped=("track_quality", "sv_pt")).sizes.track_features == 29


def test_the_p_value_is_the_upper_tail_of_a_normal_distribution():
    """With the published means and deviations, rounded as they are: 12.69 % and 9.27 % lie inside."""
    for mean, deviation, reference, published in (
        (0.9545, 0.0005, 0.9550, 0.1269),
        (0.9898, 0.0002, 0.9900, 0.0927),
    ):
        tails = [
            stability.upper_tail(reference, stability.RunStatistics(mean + shift, deviation + wider, ()))
            for shift in (-5e-5, 5e-5)
            for wider in (-5e-5, 5e-5)
        ]
        assert min(tails) < published < max(tails)
    assert stability.upper_tail(2.0, stability.RunStatistics(2.0, 1.0, ())) == 0.5
    assert stability.upper_tail(2.0, stability.run_statistics([1.0])) is None


def test_mean_and_deviation_are_the_unbiased_ones():
    values = [0.1, 0.4, 0.35]
    found = stability.run_statistics(values)
    assert (found.mean, found.deviation) == pytest.approx((np.mean(values), np.std(values, ddof=1)))


class TestWithTorch:
    pytestmark = pytest.mark.torch

    @pytest.fixture(autouse=True)
    def needs_torch(self):
        pytest.importorskip("torch")

    @pytest.fixture
    def train(self, prepared, tmp_path):
        from fairreg.models.hbb_in.training import loop

        def run(setup=SMALL, folder=tmp_path, identity=None, **watch):
            jets, split = prepared
            with loop.engine(1):
                return loop.train(
                    setup, jets, split, folder, identity=identity or {}, watch=loop.TrainingCallbacks(**watch)
                )

        return run

    def test_it_learns_to_tell_the_toy_jets_apart(self, train, prepared):
        jets, split = prepared
        done = train(replace(SMALL, epochs=6))
        positive = jets.classes[split.validation] == 1
        assert done.best.roc_auc > 0.85
        assert metrics.tagging_metrics(positive, done.scores, cut=0.0).accuracy.value == done.best.accuracy
        assert done.best.validation_loss == min(item.validation_loss for item in done.history)

    def test_a_killed_training_goes_on_to_the_same_weights_bit_by_bit(self, train, tmp_path):
        class Killed(BaseException):
            pass

        def kill(done, _total):
            if done > 1.5 * 180:
                raise Killed

        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        undisturbed = train(folder=tmp_path / "a")
        with pytest.raises(Killed):
            train(folder=tmp_path / "b", on_jets=kill)
        resumed = train(folder=tmp_path / "b")
        for name, tensor in undisturbed.tensors.items():
            np.testing.assert_array_equal(resumed.tensors[name], tensor)
        np.testing.assert_array_equal(resumed.scores, undisturbed.scores)
        for one, other in zip(resumed.history, undisturbed.history, strict=True):
            assert (one.validation_loss, one.learning_rate) == (other.validation_loss, other.learning_rate)

    def test_ctrl_c_ends_in_good_order_with_the_epochs_that_were_finished(self, train):
        def interrupt(done, _total):
            if done > 1.5 * 180:
                raise KeyboardInterrupt

        done = train(on_jets=interrupt)
        assert (done.ended, len(done.history)) == ("interrupted", 1)

    def test_the_time_limit_ends_in_good_order(self, train, monkeypatch):
        from fairreg.models.hbb_in.training import loop

        clock = [0.0]
        monkeypatch.setattr(loop, "perf_counter", lambda: clock[0])
        done = train(until=1.0, on_epoch=lambda _history: clock.__setitem__(0, 2.0))
        assert (done.ended, len(done.history)) == ("time limit", 1)

    def test_without_one_epoch_there_are_no_weights(self, train):
        with pytest.raises(ModelError, match="before the first epoch"):
            train(until=perf_counter())

    def test_it_ends_when_the_validation_loss_does_not_improve(self, train):
        done = train(replace(SMALL, epochs=9, patience=2, learning_rate=1e-30))
        assert (done.ended, len(done.history), done.best.epoch) == ("no improvement", 3, 1)

    def test_the_seed_decides(self, train, tmp_path):
        found = []
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            (tmp_path / name).mkdir()
            found.append(train(replace(SMALL, epochs=1, seed=seed), tmp_path / name).best.validation_loss)
        assert found[0] == found[1] != found[2]

    def test_another_training_in_the_folder_is_not_continued(self, train):
        train(replace(SMALL, epochs=1), identity={"seed": 1})
        with pytest.raises(UsageError, match="another seed: 1, not 2"):
            train(identity={"seed": 2})

    def test_a_damaged_checkpoint_is_a_model_error(self, train, tmp_path):
        (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 nothing")
        with pytest.raises(ModelError, match="damaged"):
            train()

    def test_jets_that_do_not_fit_on_the_gpu_are_said(self, prepared, monkeypatch):
        import torch

        def too_large(_tensor, _device):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        monkeypatch.setattr(torch.Tensor, "to", too_large)
        with pytest.raises(ModelError, match="do not fit into the free memory of cuda:1") as refused:
            TorchJets(prepared[0], "cuda:1")
        assert "--device cpu" in refused.value.hint

    def test_a_batch_that_does_not_fit_on_the_gpu_is_said(self, train, monkeypatch):
        import torch

        from fairreg.models.hbb_in.training import loop

        def too_large(*_):
            raise torch.OutOfMemoryError("CUDA out of memory.")

        monkeypatch.setattr(loop.TorchJets, "loss", too_large)
        with pytest.raises(ModelError, match="too small for a batch of") as refused:
            train()
        assert "--batch-size" in refused.value.hint

    def test_grouping_does_not_change_the_gradient_of_a_batch(self, prepared, monkeypatch):
        import torch

        from fairreg.models.hbb_in.pytorch import network as torch_network
        from fairreg.models.hbb_in.training import batches as batches_module

        jets, split = prepared
        exact = TorchJets(jets.with_rows(jets.tracks.rows.astype("f8"), jets.vertices.rows.astype("f8")))
        module = torch_network.layers(SMALL.sizes).double()
        batch, found = split.training[:50], []
        own = torch_network.divided
        for pairs, device in ((1, "cpu"), (10_000, "cpu"), (10**9, "cpu"), (10_000, "cuda")):
            monkeypatch.setattr(torch_network, "PAIRS", pairs)
            monkeypatch.setattr(batches_module, "divided", lambda *given, on=device: own(*given[:2], on))
            losses = [exact.loss(module, batch[group]) for group in exact.groups(batch)]
            found.append(torch.autograd.grad(sum(losses) / len(batch), list(module.parameters())))
        for gradients in found[1:]:
            for one, other in zip(gradients, found[0], strict=True):
                torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)
