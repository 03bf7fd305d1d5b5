# SPDX-License-Identifier: MIT
"""Explanations of a Hbb interaction network, after section 3.4 of Duarte et al. (10.1088/2632-2153/ad12e3).

Read in the order masking (with resampling), passes, relevance, averages, correlations, activity,
reoptimisation; the modules of `plots` draw their results.
"""
