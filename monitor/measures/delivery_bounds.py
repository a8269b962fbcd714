"""The bounds of histograms of delivery times, in seconds: of those in metrics and of those that the store keeps."""

DELIVERY_BOUNDS_SECONDS = (
    *(1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 360.0, 420.0, 480.0, 540.0, 600.0, 660.0),
    *(900.0, 1800.0, 3600.0),
)
"""Narrow around the usual life of a code, which is ten minutes: there they decide whether somebody can sign in."""
