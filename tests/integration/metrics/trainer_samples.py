"""A trainer's /metrics as docs/metrics.md tells it, for a job research/quickstart with two populations; counters grow from scrape to scrape."""

import http.server
import threading

METRICS = [
    ("eoa_trainer_info", "gauge", "1; the labels say which build and pod this is."),
    ("eoa_trainer_attempt", "gauge", "The attempt this pod takes part in; 0: none yet."),
    ("eoa_trainer_generation", "gauge", "Generation that is being trained."),
    ("eoa_trainer_step", "gauge", "Steps done in this generation by each member."),
    ("eoa_trainer_generation_steps", "gauge", "Steps that the generation has."),
    ("eoa_trainer_images_per_second", "gauge", "Images that each member trains per second."),
    ("eoa_trainer_learning_rate", "gauge", "Learning rate of each member."),
    ("eoa_trainer_model_flops_per_second", "gauge", "Floating-point operations of the model that each member trains with, per second."),
    ("eoa_trainer_device_memory_bytes", "gauge", "Most memory of its GPU that each member's tensors have taken."),
    ("eoa_trainer_train_loss", "gauge", "Mean training loss of the generation so far."),
    ("eoa_trainer_fitness", "gauge", "Validation accuracy at the end of the last generation, 0 to 1."),
    ("eoa_trainer_steps_total", "counter", "Training steps done."),
    ("eoa_trainer_step_seconds_total", "counter", "Time spent in training steps."),
    ("eoa_trainer_data_wait_seconds_total", "counter", "Part of the step time that was spent waiting for images."),
    ("eoa_trainer_communication_seconds_total", "counter", "Part of the step time that was spent in collectives."),
    ("eoa_trainer_checkpoint_wait_seconds_total", "counter", "Time that training waited for checkpoints."),
    ("eoa_trainer_checkpoint_failures_total", "counter", "Checkpoints that could not be written and were left out."),
    ("eoa_trainer_phase_seconds_total", "counter", "Time this pod spent in each phase."),
    ("eoa_trainer_worker_exits_total", "counter", "Worker processes that ended, by exit code."),
    ("eoa_trainer_offline_generations_total", "counter", "Generations that ended without a decision of the broker."),
]
PER_MEMBER = {"step", "images_per_second", "model_flops_per_second", "device_memory_bytes", "learning_rate", "train_loss", "fitness", "steps_total", "step_seconds_total",
              "data_wait_seconds_total", "communication_seconds_total", "checkpoint_wait_seconds_total", "checkpoint_failures_total"}


def render(tick):
    lines = []
    for name, kind, about in METRICS:
        lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
        for population in ("wolves", "whales"):
            labels = f'job_namespace="research",job_name="quickstart",population="{population}"'
            short = name.removeprefix("eoa_trainer_")
            if short == "info":
                lines.append(f'{name}{{{labels},pod_index="0",version="1.2.3"}} 1')
            elif short == "phase_seconds_total":
                lines += [f'{name}{{{labels},phase="{phase}"}} {tick * share}' for phase, share in (("Training", 0.4), ("Exchanging", 0.1))]
            elif short == "worker_exits_total":
                lines.append(f'{name}{{{labels},code="75"}} {tick // 8}')
            elif short in PER_MEMBER:
                scale = {"step_seconds_total": 0.3, "data_wait_seconds_total": 0.02, "communication_seconds_total": 0.05,
                         "checkpoint_wait_seconds_total": 0.001, "checkpoint_failures_total": 0}.get(short, 1)
                lines += [f'{name}{{{labels},member="{member}"}} {tick * scale if kind == "counter" else 0.1 * (member + 1)}' for member in range(3)]
            else:
                lines.append(f"{name}{{{labels}}} {tick if kind == 'counter' else 1}")
    return "\n".join(lines) + "\n"


class Server:
    def __init__(self):
        ticks = iter(range(1, 1 << 30))

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = render(next(ticks)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
