import hashlib

from crt_plugin.parameters import load_parameters
from crt_plugin.report.provenance import describe_provenance, digest


def test_lines():
    settings = str(load_parameters("hog"))
    lines = describe_provenance({("OTB-50", 50): ("Deer", "Girl")}, {"hog": settings})
    assert lines[0] == "OTB-50: 2 of 50 sequences: Deer, Girl"
    assert hashlib.sha256(settings.encode()).hexdigest()[:12] in lines[1]
    assert "torch" in lines[2] and "Python" in lines[2]


def test_another_setting_has_another_digest():
    params = load_parameters("hog")
    assert digest(str(params)) != digest(str(params.copy(seed=1)))


def test_nothing_known():
    lines = describe_provenance({("OTB-50", 50): ()}, {})
    assert lines[0] == "OTB-50: 0 of 50 sequences: none" and len(lines) == 2
