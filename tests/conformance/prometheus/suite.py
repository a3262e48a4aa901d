"""Metrics written by Prometheus' own client library, in both of its text formats."""
import json
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.openmetrics import exposition

registry = CollectorRegistry()
seconds = Gauge("bench_time_seconds", "How long it took", ["benchmark"], registry=registry)
size = Gauge("bench_size_bytes", 'A "size"\nin two lines', ["benchmark", "kind"], registry=registry)
values = {"parse": 0.0123456789, "print \"all\"\\": 1.5e-7, "ünï": 3.0}
for name, value in values.items():
    seconds.labels(name).set(value)
size.labels("parse", "heap").set(12345678)
size.labels("parse", "stack").set(float("nan"))
with open("metrics.prom", "wb") as file:
    file.write(generate_latest(registry))
with open("metrics.om", "wb") as file:
    file.write(exposition.generate_latest(registry))
with open("own.json", "w") as file:
    json.dump(values, file)
