# SPDX-License-Identifier: MIT
"""Ensembles of decision trees and scikit-learn's models, read and checked before any engine sees them."""
