# SPDX-License-Identifier: MIT
"""Why a Hbb interaction network decides as it does: section 3.4 of Duarte et al. (10.1088/2632-2153/ad12e3).

Read in the order masking (with resampling), passes, relevance, averages, correlations, activity,
reoptimising; the modules whose names end in `plots` draw what these find.
"""
