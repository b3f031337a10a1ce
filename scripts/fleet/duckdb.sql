-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Questions to recordings that were collected from many machines, for DuckDB 1.1 or newer:
--
--     duckdb -cmd "SET VARIABLE recordings = 'recordings/*/*.jsonl.gz'" -f duckdb.sql
--
-- Collected are complete ones: those that blockprof.service has closed (rsync of
-- /var/lib/blockprof/*.gz). blockprof-json(5) describes them. Columns are given by name, so that
-- keys of other versions do no harm; the host is that of each file's first line.

CREATE OR REPLACE TEMP TABLE records AS
SELECT *, CAST(time AS TIMESTAMP) AS began
FROM read_json(
    coalesce(getvariable('recordings'), 'recordings/*/*.jsonl.gz'),
    format = 'newline_delimited',
    filename = true,
    maximum_object_size = 4194304,
    columns = {
        type: 'VARCHAR', time: 'VARCHAR', host: 'VARCHAR',
        pid: 'BIGINT', tid: 'BIGINT', loop: 'BIGINT', comm: 'VARCHAR', runtime: 'VARCHAR',
        unit: 'VARCHAR', container: 'VARCHAR',
        turn: 'VARCHAR', ongoing: 'BOOLEAN', doubt: 'VARCHAR', duration_ns: 'BIGINT', cause: 'VARCHAR',
        delayed_events: 'BIGINT',
        turns: 'BIGINT', longest_ns: 'BIGINT', idle_ns: 'BIGINT',
        by_cause: 'MAP(VARCHAR, BIGINT)', histogram: 'BIGINT[][]',
        blind: 'MAP(VARCHAR, BIGINT)', lost: 'MAP(VARCHAR, BIGINT)',
        discarded: 'MAP(VARCHAR, STRUCT(count BIGINT, longest_ns BIGINT))',
        slices: 'STRUCT(cause VARCHAR, syscall VARCHAR, ns BIGINT, count BIGINT,
            stack STRUCT(fn VARCHAR, file VARCHAR, line BIGINT, module VARCHAR, kind VARCHAR)[])[]'
    });

CREATE OR REPLACE TEMP TABLE hosts AS
SELECT filename, any_value(host) AS host FROM records WHERE type = 'start' GROUP BY filename;

-- Whether a frame is the program's own, as far as its file says.
CREATE OR REPLACE TEMP MACRO own(frame) AS
    frame.kind IN ('python', 'js', 'jit') AND NOT regexp_matches(coalesce(frame.file, ''),
        '(^node:|^<frozen|/(site|dist)-packages/|/python[0-9.]+/|/node_modules/)');

-- The innermost own frame; without one the innermost that is not the kernel's.
CREATE OR REPLACE TEMP MACRO place(stack) AS coalesce(
    list_filter(stack, lambda frame: own(frame))[1].fn,
    list_filter(stack, lambda frame: frame.kind <> 'kernel')[1].fn,
    '(no stack)');

-- Stalls that have ended; those in doubt are not counted elsewhere either.
CREATE OR REPLACE TEMP VIEW stalls AS
SELECT hosts.host, records.* EXCLUDE (host)
FROM records JOIN hosts USING (filename)
WHERE type = 'stall' AND NOT ongoing AND doubt IS NULL;

-- What they were made of.
CREATE OR REPLACE TEMP VIEW slices AS
SELECT host, began, comm, runtime, turn, duration_ns, slice.cause AS cause, slice.syscall AS syscall,
    slice.ns AS ns, place(slice.stack) AS place
FROM (SELECT *, unnest(slices) AS slice FROM stalls);

-- name: worst places
SELECT place, cause, sum(ns) / 1e9 AS seconds, count(DISTINCT (host, turn, began)) AS stalls,
    count(DISTINCT host) AS hosts, max(ns) / 1e9 AS longest
FROM slices
GROUP BY place, cause
ORDER BY seconds DESC, place, cause
LIMIT 20;

-- name: time lost by cause and hour
-- All turns, stalls or not; of cpu only what stalls took.
SELECT host, hour, cause, sum(ns) / 1e9 AS seconds
FROM (
    SELECT hosts.host, date_trunc('hour', began) AS hour, entry.key AS cause, entry.value AS ns
    FROM (SELECT filename, began, unnest(map_entries(by_cause)) AS entry FROM records WHERE type = 'second')
    JOIN hosts USING (filename)
    WHERE entry.key <> 'cpu'
    UNION ALL
    SELECT host, date_trunc('hour', began), cause, ns FROM slices WHERE cause = 'cpu'
)
GROUP BY host, hour, cause
ORDER BY hour, seconds DESC;

-- name: percentiles of loops
-- Upper bounds of the histogram's bucket that the percentile is in, and the longest turn.
WITH buckets AS (
    SELECT hosts.host, comm, runtime, bucket[1] AS upper_ns, sum(bucket[2]) AS turns
    FROM (SELECT filename, comm, runtime, unnest(histogram) AS bucket FROM records WHERE type = 'second')
    JOIN hosts USING (filename)
    GROUP BY ALL
), summed AS (
    SELECT *,
        sum(turns) OVER (PARTITION BY host, comm, runtime ORDER BY upper_ns) AS so_far,
        sum(turns) OVER (PARTITION BY host, comm, runtime) AS total
    FROM buckets
), longest AS (
    SELECT hosts.host, comm, runtime, max(longest_ns) AS longest_ns
    FROM records JOIN hosts USING (filename)
    WHERE type = 'second'
    GROUP BY ALL
)
SELECT host, comm, runtime, any_value(total) AS turns,
    min(upper_ns) FILTER (so_far >= 0.5 * total) / 1e6 AS p50_ms,
    min(upper_ns) FILTER (so_far >= 0.99 * total) / 1e6 AS p99_ms,
    any_value(longest_ns) / 1e6 AS longest_ms
FROM summed JOIN longest USING (host, comm, runtime)
GROUP BY host, comm, runtime
ORDER BY p99_ms DESC;

-- name: new since yesterday
-- Places that stalled in the last day of what was collected, and in none before.
WITH last AS (SELECT max(began) - INTERVAL 1 DAY AS since FROM records)
SELECT place, cause, sum(ns) / 1e9 AS seconds, min(began) AS first, string_agg(DISTINCT host, ', ' ORDER BY host) AS hosts
FROM slices, last
GROUP BY place, cause
HAVING min(began) >= any_value(since)
ORDER BY seconds DESC;

-- name: what is not known
-- Doubtful stalls, blind spots, what was lost and what was discarded: by host.
SELECT host, kind, what, sum(number) AS number
FROM (
    SELECT filename, 'doubt' AS kind, doubt AS what, 1 AS number FROM records
    WHERE type = 'stall' AND NOT ongoing AND doubt IS NOT NULL
    UNION ALL
    SELECT filename, 'blind', entry.key, entry.value
    FROM (SELECT filename, unnest(map_entries(blind)) AS entry FROM records WHERE type = 'summary')
    UNION ALL
    SELECT filename, 'lost', entry.key, entry.value
    FROM (SELECT filename, unnest(map_entries(lost)) AS entry FROM records WHERE type = 'summary')
    UNION ALL
    SELECT filename, 'discarded', entry.key, entry.value.count
    FROM (SELECT filename, unnest(map_entries(discarded)) AS entry FROM records WHERE type = 'summary')
) JOIN hosts USING (filename)
GROUP BY host, kind, what
ORDER BY host, kind, number DESC;
