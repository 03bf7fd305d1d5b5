import numpy as np

FEATURES = ["jet_pt", "jet_eta", "jet_mass", "n_constituents", "n_charged", "ptd", "girth", "axis2"]
MEAN = np.array([160.0, 0.0, 18.0, 31.0, 18.0, 0.42, 0.09, 0.05], dtype=np.float32)
STD = np.array([80.0, 1.1, 9.0, 14.0, 8.0, 0.15, 0.05, 0.03], dtype=np.float32)


def standardise(columns):
    """Stack the columns in the order of FEATURES (pT and mass in GeV) and standardise them."""
    x = np.stack([np.asarray(columns[name], dtype=np.float32) for name in FEATURES], axis=1)
    return (x - MEAN) / STD
