# SPDX-License-Identifier: MIT
"""Parts of the Keras runner: what a file may ask Keras for, and how large its model is."""
