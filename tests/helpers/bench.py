"""Parameters of a fast tracker, and the box of the object in the test clip."""

QUICK = """
from crt_plugin.parameters import Parameters

def parameters():
    return Parameters().copy({changes})
"""
FEW = "filter_cells=16.0, patch_width=3, patch_height=3, train_steps=3, confidence_threshold=0.0"
RGB = f"features='rgb', {FEW}"
VGG = f"vgg_layer=5, {FEW}"
BOX = [60.0, 40.0, 24.0, 16.0]
