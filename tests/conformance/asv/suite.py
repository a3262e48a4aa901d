class Sum:
    params = [[10, 1000], ["a", "b"]]
    param_names = ["n", "kind"]
    number, repeat, rounds, warmup_time = 100, 5, 1, 0

    def time_sum(self, n, kind):
        sum(range(n))

    def track_len(self, n, kind):
        return n * 2

    track_len.unit = "items"


class Skips:
    params = [1000, 2000]
    number, repeat, rounds, warmup_time = 100, 5, 1, 0

    def setup(self, n):
        if n == 2000:
            raise NotImplementedError()

    def time_list(self, n):
        list(range(n))


def time_plain():
    sorted([3, 1, 2])


time_plain.number, time_plain.repeat, time_plain.rounds, time_plain.warmup_time = 1000, 5, 1, 0


def time_broken():
    raise RuntimeError("broken")


def mem_list():
    return [0] * 256


def peakmem_list():
    return [0] * 100000


def track_ratio():
    return 0.5
