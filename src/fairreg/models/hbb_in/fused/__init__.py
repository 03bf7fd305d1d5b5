# SPDX-License-Identifier: MIT
"""A kernel for the interaction network on CPUs: from jets to logits in one function of machine code.

Engines compute an operator at a time and write every number of every pair to memory between two of them. The
kernel takes some pairs at a time through all layers, where they never leave registers and first-level cache,
and computes no padded pair. It is written in the language of LLVM for the sizes of a network and the vector
unit of the processor, and compiled by llvmlite, which brings LLVM: no compiler is needed.

Read in the order code, plan, kernel, compiling, engine.
"""
