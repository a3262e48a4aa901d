"""The JSON of a second run; the text of the first one, which has fewer metrics."""
import json, os, re
from compare import Own


def measure_of(words):
    """Words of a metric in lower case, with hyphens."""
    return re.sub(r"[ +]", "-", words.lower())


def of_text(path):
    name = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = re.match(r"  (\S[^:]*): +(\d+)\|", line)
            if match:
                yield Own(name, measure_of(match[1]), int(match[2]))
            elif line.strip() and line[0] != " ":
                name = line.strip()


NAMES = {"Ir": "instructions", "L1hits": "l1-hits", "LLhits": "ll-hits", "RamHits": "ram-hits",
         "TotalRW": "total-read-write", "EstimatedCycles": "estimated-cycles",
         "I1MissRate": "i1-miss-rate", "D1MissRate": "d1-miss-rate", "LLiMissRate": "lli-miss-rate",
         "LLdMissRate": "lld-miss-rate", "LLMissRate": "ll-miss-rate", "L1HitRate": "l1-hit-rate",
         "LLHitRate": "ll-hit-rate", "RamHitRate": "ram-hit-rate", "TotalBytes": "total-bytes",
         "TotalBlocks": "total-blocks", "AtTGmaxBytes": "at-t-gmax-bytes",
         "AtTGmaxBlocks": "at-t-gmax-blocks", "AtTEndBytes": "at-t-end-bytes",
         "AtTEndBlocks": "at-t-end-blocks", "ReadsBytes": "reads-bytes", "WritesBytes": "writes-bytes",
         "MaximumBytes": "maximum-bytes", "MaximumBlocks": "maximum-blocks",
         "TotalLifetimes": "total-lifetimes"}


def of_json(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            root = json.loads(line)
            name = root["module_path"] + (" " + root["id"] if root.get("id") else "") + (
                ":" + root["description"] if root.get("description") else "")
            for profile in root["profiles"]:
                for metric, entry in profile["data"]["total"]["metrics"].items():
                    yield Own(name, NAMES.get(metric, metric.lower()), entry["values"]["new"],
                              "%" if metric.endswith("Rate") else Own.ANY)


def read(out):
    return {"text": of_text(os.path.join(out, "out.txt")),
            "json": of_json(os.path.join(out, "out.json"))}
