"""Photos on this machine: data sets that were brought here, uploads, folders that may be used."""

from visionloom.datasets.data_sets import DataSet, DataSets

__all__ = ["DataSet", "DataSets"]
