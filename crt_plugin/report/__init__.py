"""Tables, curves and pages of results; nothing here runs a tracker."""
