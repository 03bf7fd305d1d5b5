# SPDX-License-Identifier: MIT
"""The Hub's own terms: libraries by name, tags without information."""

import re

__all__ = ["FRAMEWORKS", "is_keyword"]

FRAMEWORKS = {
    "pytorch": "PyTorch",
    "tf": "TensorFlow",
    "tensorflow": "TensorFlow",
    "tf-keras": "Keras",
    "jax": "JAX",
    "flax": "Flax",
    "keras": "Keras",
    "onnx": "ONNX",
    "openvino": "OpenVINO",
    "coreml": "Core ML",
    "sklearn": "scikit-learn",
    "scikit-learn": "scikit-learn",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "transformers": "Transformers",
    "transformers.js": "Transformers.js",
    "diffusers": "Diffusers",
    "sentence-transformers": "Sentence Transformers",
    "peft": "PEFT",
    "timm": "timm",
    "mlx": "MLX",
    "tflite": "TensorFlow",
    "paddlepaddle": "PaddlePaddle",
    "fastai": "fastai",
    "spacy": "spaCy",
    "espnet": "ESPnet",
    "stable-baselines3": "Stable-Baselines3",
}
_SAYS_NOTHING = {
    "autotrain_compatible", "autonlp_compatible", "infinity_compatible", "endpoints_compatible",
    "text-generation-inference", "text-embeddings-inference", "model-index", "has_space", "safetensors",
    "tensorboard", "rust", "gguf", "custom_code", "eval-results", "model_hub_mixin",
    "pytorch_model_hub_mixin", "generated_from_trainer", "inference",
}  # fmt: skip
# ``license:mit``, ``region:us`` and the like are fields of their own.
_PREFIXED = re.compile(
    r"(?:license|dataset|arxiv|doi|base_model|region|deploy|library|language|diffusers|modality|format"
    r"|task_categories|task_ids|size_categories|pipeline|template|multilinguality|source_datasets"
    r"|annotations_creators|language_creators):",
    re.IGNORECASE,
)


def is_keyword(tag: str) -> bool:
    """Tell whether a tag describes the content of the repository."""
    return not (tag.lower() in _SAYS_NOTHING or tag.lower() in FRAMEWORKS or _PREFIXED.match(tag))
