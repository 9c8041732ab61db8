"""All benchmarks, one after the other: ``make benchmarks``."""

from benchmarks import lost_on_the_way, path_of_a_call, whole_path

for benchmark in (path_of_a_call, whole_path, lost_on_the_way):
    print(f"\n{(benchmark.__doc__ or '').partition('.')[0]}.\n")
    benchmark.main()
