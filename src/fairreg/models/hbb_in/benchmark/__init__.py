# SPDX-License-Identifier: MIT
"""One network on every runtime: does it load, does it run, does it agree, and how fast is it.

It makes Table 8 and Figure 4 of Duarte et al. 2023, 10.1088/2632-2153/ad12e3. Read in the order candidates,
results, measuring, machine, utilisation, plot.
"""
