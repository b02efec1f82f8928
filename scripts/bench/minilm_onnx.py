"""all-MiniLM-L6-v2 as an ONNX graph, built straight from its safetensors file: token ids (batch × pieces, all texts of one
length, so without a mask) to pooled, normalized vectors.

`fused` uses ONNX Runtime's own operators for attention, GELU and layer norm, the ones its transformer optimizer puts in;
without it there are only standard operators, which OpenVINO reads.
"""
import json, math, struct

import numpy
from onnx import TensorProto, helper, numpy_helper, save


def read_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return tensors


class Graph:
    def __init__(self, tensors, fused, heads=12, epsilon=1e-12):
        self.tensors, self.fused, self.heads, self.epsilon = tensors, fused, heads, epsilon
        self.nodes, self.constants, self.count = [], {}, 0

    def constant(self, value, name=None):
        name = name or f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(numpy.ascontiguousarray(value), name)
        return name

    def node(self, operator, inputs, domain="", **attributes):
        self.count += 1
        output = f"{operator}_{self.count}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def weight(self, name):
        return self.constant(self.tensors[name], name)

    def matrix(self, names):
        """Several matrices of linear layers side by side, as the right factor of a product."""
        return self.constant(numpy.concatenate([self.tensors[name + ".weight"].T for name in names], axis=1), names[0] + ".matrix")

    def bias(self, names):
        return self.constant(numpy.concatenate([self.tensors[name + ".bias"] for name in names]), names[0] + ".bias")

    def linear(self, x, name):
        return self.node("Add", [self.node("MatMul", [x, self.matrix([name])]), self.bias([name])])

    def norm(self, x, name):
        return self.node("LayerNormalization", [x, self.weight(name + ".weight"), self.weight(name + ".bias")], epsilon=self.epsilon)

    def add_and_norm(self, x, context, dense, norm):
        """norm(x + context · W + bias)"""
        if not self.fused:
            return self.norm(self.node("Add", [x, self.linear(context, dense)]), norm)
        product = self.node("MatMul", [context, self.matrix([dense])])
        inputs = [product, x, self.weight(norm + ".weight"), self.weight(norm + ".bias"), self.bias([dense])]
        return self.node("SkipLayerNormalization", inputs, "com.microsoft", epsilon=self.epsilon)

    def attention(self, x, name):
        parts = [name + part for part in ("query", "key", "value")]
        if self.fused:
            return self.node("Attention", [x, self.matrix(parts), self.bias(parts)], "com.microsoft", num_heads=self.heads)
        split = self.constant(numpy.array([0, 0, self.heads, -1], numpy.int64))
        q, k, v = (self.node("Reshape", [self.linear(x, part), split]) for part in parts)
        q, v = (self.node("Transpose", [part], perm=[0, 2, 1, 3]) for part in (q, v))
        k = self.node("Transpose", [k], perm=[0, 2, 3, 1])
        scale = self.constant(numpy.float32(1 / math.sqrt(self.tensors[parts[0] + ".bias"].size / self.heads)))
        scores = self.node("Softmax", [self.node("Mul", [self.node("MatMul", [q, k]), scale])], axis=-1)
        context = self.node("Transpose", [self.node("MatMul", [scores, v])], perm=[0, 2, 1, 3])
        return self.node("Reshape", [context, self.constant(numpy.array([0, 0, -1], numpy.int64))])

    def gelu(self, x, name):
        if self.fused:
            return self.node("BiasGelu", [self.node("MatMul", [x, self.matrix([name])]), self.bias([name])], "com.microsoft")
        x = self.linear(x, name)
        erf = self.node("Erf", [self.node("Div", [x, self.constant(numpy.float32(math.sqrt(2)))])])
        return self.node("Mul", [self.node("Mul", [x, self.node("Add", [erf, self.constant(numpy.float32(1))])]), self.constant(numpy.float32(0.5))])

    def build(self):
        zero, one = (self.constant(numpy.array([i], numpy.int64)) for i in (0, 1))
        pieces = self.node("Shape", ["ids"], start=1, end=2)
        positions = self.tensors["embeddings.position_embeddings.weight"] + self.tensors["embeddings.token_type_embeddings.weight"][0]
        positions = self.node("Slice", [self.constant(positions, "positions"), zero, pieces, zero])
        x = self.node("Gather", [self.weight("embeddings.word_embeddings.weight"), "ids"])
        x = self.norm(self.node("Add", [x, positions]), "embeddings.LayerNorm")
        layer = 0
        while f"encoder.layer.{layer}.output.dense.weight" in self.tensors:
            name = f"encoder.layer.{layer}."
            context = self.attention(x, name + "attention.self.")
            x = self.add_and_norm(x, context, name + "attention.output.dense", name + "attention.output.LayerNorm")
            x = self.add_and_norm(x, self.gelu(x, name + "intermediate.dense"), name + "output.dense", name + "output.LayerNorm")
            layer += 1
        mean = self.node("ReduceMean", [x, one], keepdims=0)
        norm = self.node("ReduceL2", [mean, one], keepdims=1)
        self.nodes.append(helper.make_node("Div", [mean, norm], ["vectors"], name="vectors"))
        graph = helper.make_graph(
            self.nodes, "minilm", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "pieces"])],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", "dimension"])], list(self.constants.values()))
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def write(weights, fused, path):
    save(Graph(read_safetensors(weights), fused).build(), str(path))
