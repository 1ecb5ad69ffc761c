"""Writes the small networks that `tests/models.rs` and the browser suite run.

    make_model.py FOLDER

`opacities.onnx`: a 3 × 3 mean of the slice and its two neighbours, then a step at two values: background, ground glass and consolidation
as three scores. `bright.onnx`: one score for each voxel, through a strided convolution and its transpose, with open axes and a spacing of
its own. Weights are written by hand: what they must find is known. Needs the `onnx` package.
"""

import sys
from pathlib import Path

import numpy
from onnx import TensorProto, checker, helper, numpy_helper, save

LOW, HIGH = -1000.0, 400.0


def unit(hu):
    return (hu - LOW) / (HIGH - LOW)


def weights(name, values):
    return numpy_helper.from_array(numpy.asarray(values, dtype=numpy.float32), name)


def convolution(kind, inputs, outputs, kernel, stride=1, pad=0):
    """With every attribute, as PyTorch writes them: the runtime asks for them."""
    return helper.make_node(
        kind, inputs, outputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, dilations=[1, 1], group=1
    )


def write(path, nodes, initializers, shape, channels, metadata):
    value = lambda name, axes: helper.make_tensor_value_info(name, TensorProto.FLOAT, axes)
    outputs = [shape[0], channels, *shape[2:]]
    graph = helper.make_graph(nodes, "net", [value("x", shape)], [value("scores", outputs)], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="hilum-test")
    helper.set_model_props(model, {f"hilum.{key}": text for key, text in metadata.items()})
    checker.check_model(model)
    save(model, path)


def opacities(folder):
    mean = numpy.zeros((1, 3, 3, 3))
    mean[0, 1] = 1 / 9
    # Scores of the mean m: background 0, ground glass k (m - a), consolidation 2 k m - k (a + b): each wins in its range.
    a, b, k = unit(-750.0), unit(-250.0), 40.0
    slopes = numpy.array([0.0, k, 2 * k]).reshape(3, 1, 1, 1)
    offsets = [0.0, -k * a, -k * (a + b)]
    nodes = [
        convolution("Conv", ["x", "mean"], ["m"], kernel=3, pad=1),
        convolution("Conv", ["m", "slopes", "offsets"], ["scores"], kernel=1),
    ]
    metadata = {
        "labels": "background, ground-glass, consolidation",
        "clip_hu": f"{LOW:.0f} {HIGH:.0f}",
        "shift": f"{LOW:.0f}",
        "scale": f"{HIGH - LOW:.0f}",
        "spacing_mm": "own",
        "overlap": "0.5",
        "region": "lungs",
        "smallest_ml": "0.01",
    }
    initializers = [weights("mean", mean), weights("slopes", slopes), weights("offsets", offsets)]
    write(folder / "opacities.onnx", nodes, initializers, [1, 3, 64, 64], 3, metadata)


def bright(folder):
    # Two by two voxels to one and back; the batch, rows and columns are left open.
    nodes = [
        convolution("Conv", ["x", "down"], ["small"], kernel=2, stride=2),
        helper.make_node("Relu", ["small"], ["kept"]),
        convolution("ConvTranspose", ["kept", "up", "offset"], ["scores"], kernel=2, stride=2),
    ]
    metadata = {
        "labels": "background, nodule",
        "clip_hu": f"{LOW:.0f} {HIGH:.0f}",
        "shift": f"{LOW:.0f}",
        "scale": f"{HIGH - LOW:.0f}",
        "spacing_mm": "1.5 1.5",
        "patch": "48 64",
        "threshold": "0",
        "region": "all",
    }
    initializers = [
        weights("down", numpy.full((1, 1, 2, 2), 0.25)),
        weights("up", numpy.ones((1, 1, 2, 2))),
        weights("offset", [-unit(-300.0)]),
    ]
    write(folder / "bright.onnx", nodes, initializers, ["batch", 1, "rows", "columns"], 1, metadata)


def main(folder):
    opacities(Path(folder))
    bright(Path(folder))


main(*sys.argv[1:])
