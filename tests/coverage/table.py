"""Writes the tables of docs/coverage.md: lines and branches of each room of src/ from gcovr's summary, and regions of the
rooms that read what strangers send from llvm-cov's."""
import json
import pathlib
import sys

HEAD = """# What the tests run

Lines and branches of `src/` that unit tests, journeys, the browser's tests, the replay of the fuzzers' seeds, the model's short
form, torture (the requests in short, starts and mailer in every way) and the tests of whole machines run, by `./dev coverage`
(gcc's counts; the lines themselves: `build/coverage/report/index.html`). The aim is 95 % of the lines and 90 % of the branches.

| room | lines | of | | branches | of | |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""
REGIONS = """
Regions (clang's counts: each piece of code that runs as a whole, those inside of an expression too) that the unit tests and the
replay of the fuzzers' seeds reach by themselves, without a stack, in the rooms that read what strangers send; the regions
themselves: `build/regions/report/index.html`. The aim is 95 %.

| room | regions | of | |
| --- | ---: | ---: | ---: |
"""
TAIL = """
A process that is killed counts nothing, so what only a killed worker does is not in here. The machines of `./dev test-system`
run the programs that are counted as they run those that are shipped, under systemd and its walls; what containers and another
release of Debian build for themselves is not counted, and neither are the long forms of torture, model and fuzzers.
"""
LINES = ('line_covered', 'line_total', 'branch_covered', 'branch_total')
READERS = ('base', 'http', 'security', 'view')


def row(name, sums):
    cells = [f'{sums[at]:,} | {sums[at + 1]:,} | {100 * sums[at] / sums[at + 1]:.1f} %' for at in range(0, len(sums), 2)]
    return ' | '.join([f'| {name}', *cells]) + ' |\n'


def table(files):
    """Rows from (path below src/, numbers): one for each room, and their sum."""
    rooms = {}
    for path, numbers in files:
        parts = pathlib.PurePath(path).parts
        name = parts[0] if len(parts) > 1 else 'main'
        rooms[name] = [sum(pair) for pair in zip(rooms.get(name, [0] * len(numbers)), numbers)]
    rows = [row(f'`{name}`', rooms[name]) for name in sorted(rooms)]
    return ''.join(rows) + row('all', [sum(column) for column in zip(*rooms.values())])


def read(path):
    return json.loads(pathlib.Path(path).read_text(encoding='utf-8'))


def main(lines, regions, target):
    counted = [(file['filename'].removeprefix('src/'), [file[key] for key in LINES]) for file in read(lines)['files']]
    reached = [(file['filename'].rpartition('/src/')[2], [file['summary']['regions'][key] for key in ('covered', 'count')])
               for file in read(regions)['data'][0]['files'] if '/src/' in file['filename']]
    readers = [(path, numbers) for path, numbers in reached if path.split('/')[0] in READERS]
    text = HEAD + table(counted) + REGIONS + table(readers) + TAIL
    pathlib.Path(target).write_text(text, encoding='utf-8')
    print(text[text.index('| room'):], end='')


main(*sys.argv[1:])
