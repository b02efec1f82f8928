"""Kazi's encoder beside ONNX Runtime (float32, dynamic int8) and OpenVINO (bfloat16 where the processor has it, else
float32), all on one thread, alternating in one run, so that a busy machine slows all of them alike.

    scripts/bench/embed [--rounds N] [--model DIR] [--encoder COMMAND]

Rows: one query of 8 pieces (p50 ms), batches of 64-piece and of 128-piece texts (texts/s, median). Kazi's times are from
text to vector; the peers get token ids, ready-made. Every runtime's vectors are held against a float64 encoder's
(Tests/EmbeddingTests/Fixtures/vectors.jsonl); the run fails if Kazi's or ONNX Runtime's float32 vectors are off.
"""
import argparse, base64, json, logging, pathlib, platform, shlex, statistics, subprocess, sys, time

import numpy
import onnx
import onnxruntime
import openvino
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

import minilm_onnx

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = [("1 × 8 pieces", 8, 1, "ms"), ("16 × 64 pieces", 64, 16, "texts/s"), ("8 × 128 pieces", 128, 8, "texts/s")]


class Kazi:
    name = "Kazi"

    def __init__(self, command):
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.kernels = self.ask(["warm"], 1)["kernels"]

    def ask(self, texts, rounds):
        self.process.stdin.write(json.dumps({"texts": texts, "rounds": rounds}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench: the encoder ended without an answer")
        return json.loads(line)

    def run(self, texts, ids):
        answer = self.ask(texts, 1)
        assert answer["pieceCounts"] == [len(row) for row in ids], "Kazi cuts the texts into other pieces"
        return answer["seconds"][0], numpy.array(answer["vectors"], numpy.float32).reshape(len(texts), -1)


class OnnxRuntime:
    def __init__(self, name, path):
        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, texts, ids):
        start = time.perf_counter()
        (vectors,) = self.session.run(None, {"ids": ids})
        return time.perf_counter() - start, vectors


class OpenVino:
    def __init__(self, path):
        core = openvino.Core()
        has_bfloat16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.name = "OpenVINO bf16" if has_bfloat16 else "OpenVINO fp32 (no bf16 here)"
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "bf16" if has_bfloat16 else "f32"}
        self.request = core.compile_model(core.read_model(str(path)), "CPU", settings).create_infer_request()

    def run(self, texts, ids):
        start = time.perf_counter()
        result = self.request.infer({"ids": ids})
        return time.perf_counter() - start, next(iter(result.values()))


def make_graphs(model, folder):
    """Plain, fused and int8 graphs of the model; written once."""
    folder.mkdir(parents=True, exist_ok=True)
    plain, fused, int8 = (folder / f"minilm-{kind}.onnx" for kind in ("plain", "fused", "int8"))
    if not all(path.exists() for path in (plain, fused, int8)):
        print("bench: writing ONNX graphs", file=sys.stderr)
        minilm_onnx.write(model / "model.safetensors", False, plain)
        minilm_onnx.write(model / "model.safetensors", True, fused)
        # ONNX Runtime's own operators hide the types of what follows them: all of it is float32.
        quantize_dynamic(str(fused), str(int8), weight_type=QuantType.QInt8, per_channel=True,
                         extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    return plain, fused, int8


def lowest_cosine(engine, tokenizer):
    """Against the float64 vectors of the golden file, text by text."""
    lowest = 1.0
    for line in (ROOT / "Tests/EmbeddingTests/Fixtures/vectors.jsonl").read_text().splitlines():
        golden = json.loads(line)
        expected = numpy.frombuffer(base64.b64decode(golden["float32"]), "<f4").astype(numpy.float64)
        ids = numpy.array([tokenizer.encode(golden["text"]).ids], numpy.int64)
        vector = engine.run([golden["text"]], ids)[1][0].astype(numpy.float64)
        lowest = min(lowest, float(vector @ expected / numpy.linalg.norm(vector) / numpy.linalg.norm(expected)))
    return lowest


def make_texts(tokenizer, pieces, count):
    """Texts of exactly so many pieces, each with other words."""
    words = "nurse teacher driver engineer clerk farmer writer baker guard pilot cook judge doctor tailor porter miner".split()
    assert all(len(tokenizer.encode(word).ids) == 3 for word in words)
    return [" ".join(words[(i * 7 + j * (i + 3)) % len(words)] for j in range(pieces - 2)) for i in range(count)]


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(": ")[1]
    return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="of the batches; the lone query gets ten times as many")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / ".build/models/all-MiniLM-L6-v2")
    parser.add_argument("--encoder", help="what runs Kazi's encoder (default: .build/release/kazi bench embed --model DIR)")
    arguments = parser.parse_args()
    command = arguments.encoder or shlex.join([str(ROOT / ".build/release/kazi"), "bench", "embed", "--model", str(arguments.model)])
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    logging.disable(logging.WARNING)  # the quantizer's advice
    plain, fused, int8 = make_graphs(arguments.model, ROOT / ".build/bench")
    kazi = Kazi(command)
    engines = [kazi, OnnxRuntime("ONNX Runtime fp32", fused), OnnxRuntime("ONNX Runtime int8", int8), OpenVino(plain)]
    cosines = {engine.name: lowest_cosine(engine, tokenizer) for engine in engines}

    table = {engine.name: [] for engine in engines}
    for _, pieces, count, unit in ROWS:
        texts = make_texts(tokenizer, pieces, count)
        ids = numpy.array([tokenizer.encode(text).ids for text in texts], numpy.int64)
        assert ids.shape == (count, pieces)
        seconds = {engine.name: [] for engine in engines}
        for round_index in range(-2, arguments.rounds * (10 if count == 1 else 1)):
            for engine in engines:
                taken, _ = engine.run(texts, ids)
                if round_index >= 0:  # two rounds to warm up
                    seconds[engine.name].append(taken)
        for name, values in seconds.items():
            p50 = statistics.median(values)
            table[name].append(p50 * 1e3 if unit == "ms" else count / p50)

    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"{cpu_name()}, one thread, Kazi {commit} ({kazi.kernels}), onnxruntime {onnxruntime.__version__}, openvino {openvino.__version__.split('-')[0]}")
    print(f"{'':30}" + "".join(f"{label + ', ' + unit:>26}" for label, _, _, unit in ROWS) + f"{'lowest cosine':>16}")
    for engine in engines:
        print(f"{engine.name:30}" + "".join(f"{value:26.2f}" for value in table[engine.name]) + f"{cosines[engine.name]:16.6f}")
    if cosines["Kazi"] < 0.9999 or cosines["ONNX Runtime fp32"] < 0.99999:
        sys.exit("bench: the vectors are wrong, so the times mean nothing")


main()
