-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Questions to recordings that were collected from many machines, for ClickHouse:
--
--     clickhouse local --param_recordings='recordings/*/*.jsonl.gz' --queries-file clickhouse.sql
--
-- Collected are complete ones: those that blockprof.service has closed (rsync of
-- /var/lib/blockprof/*.gz). blockprof-json(5) describes them. Columns are given by name, so that
-- keys of other versions do no harm; the host is that of each file's first line. duckdb.sql asks
-- the same.

CREATE TEMPORARY TABLE records AS
SELECT *, _path AS filename, parseDateTime64BestEffort(time, 9, 'UTC') AS began
FROM file({recordings:String}, 'JSONEachRow',
    'type String, time String, host String,
    pid UInt32, tid UInt32, loop UInt64, comm String, runtime String, unit String, container String,
    turn String, ongoing Bool, doubt String, duration_ns UInt64, cause String, delayed_events UInt64,
    turns UInt64, longest_ns UInt64, idle_ns UInt64,
    by_cause Map(String, UInt64), histogram Array(Array(UInt64)),
    blind Map(String, UInt64), lost Map(String, UInt64),
    discarded Map(String, Tuple(count UInt64, longest_ns UInt64)),
    slices Array(Tuple(cause String, syscall String, ns UInt64, count UInt64,
        stack Array(Tuple(fn String, file String, line UInt64, module String, kind String))))')
SETTINGS input_format_skip_unknown_fields = 1;

CREATE TEMPORARY TABLE hosts AS
SELECT filename, any(host) AS host FROM records WHERE type = 'start' GROUP BY filename;

-- What stalls that have ended were made of; those in doubt are not counted elsewhere either. The
-- place is the innermost frame of the program's own, as far as its file says, and without one the
-- innermost that is not the kernel's.
CREATE TEMPORARY TABLE stalled AS
SELECT h.host AS host, r.began AS began, r.comm AS comm, r.turn AS turn,
    tupleElement(slice, 'cause') AS cause, tupleElement(slice, 'ns') AS ns,
    tupleElement(slice, 'stack') AS stack,
    arrayFirst(f -> tupleElement(f, 'kind') IN ('python', 'js', 'jit') AND NOT match(tupleElement(f, 'file'),
        '(^node:|^<frozen|/(site|dist)-packages/|/python[0-9.]+/|/node_modules/)'), stack) AS own,
    arrayFirst(f -> tupleElement(f, 'kind') <> 'kernel', stack) AS other,
    multiIf(tupleElement(own, 'fn') <> '', tupleElement(own, 'fn'),
        tupleElement(other, 'fn') <> '', tupleElement(other, 'fn'), '(no stack)') AS place
FROM (SELECT * FROM records WHERE type = 'stall' AND NOT ongoing AND doubt = '') AS r
ARRAY JOIN slices AS slice
JOIN hosts AS h ON h.filename = r.filename;

-- name: worst places
SELECT place, cause, sum(ns) / 1e9 AS seconds, uniqExact(host, turn, began) AS stalls,
    uniqExact(host) AS hosts, max(ns) / 1e9 AS longest
FROM stalled
GROUP BY place, cause
ORDER BY seconds DESC, place, cause
LIMIT 20;

-- name: time lost by cause and hour
-- All turns, stalls or not; of cpu only what stalls took.
SELECT host, hour, cause, sum(ns) / 1e9 AS seconds
FROM (
    SELECT h.host AS host, toStartOfHour(r.began) AS hour, lost_to AS cause, lost_ns AS ns
    FROM (SELECT * FROM records WHERE type = 'second') AS r
    ARRAY JOIN mapKeys(by_cause) AS lost_to, mapValues(by_cause) AS lost_ns
    JOIN hosts AS h ON h.filename = r.filename
    WHERE lost_to <> 'cpu'
    UNION ALL
    SELECT host, toStartOfHour(began) AS hour, cause, ns FROM stalled WHERE cause = 'cpu'
)
GROUP BY host, hour, cause
ORDER BY hour, seconds DESC;

-- name: percentiles of loops
-- Upper bounds of the histogram's bucket that the percentile is in, and the longest turn.
SELECT host, comm, runtime, sum(of_bucket) AS turns,
    quantileExactWeighted(0.5)(upper_ns, of_bucket) / 1e6 AS p50_ms,
    quantileExactWeighted(0.99)(upper_ns, of_bucket) / 1e6 AS p99_ms,
    max(longest) / 1e6 AS longest_ms
FROM (
    SELECT h.host AS host, r.comm AS comm, r.runtime AS runtime, bucket[1] AS upper_ns,
        sum(bucket[2]) AS of_bucket, max(r.longest_ns) AS longest
    FROM (SELECT * FROM records WHERE type = 'second') AS r
    ARRAY JOIN histogram AS bucket
    JOIN hosts AS h ON h.filename = r.filename
    GROUP BY host, comm, runtime, upper_ns
)
GROUP BY host, comm, runtime
ORDER BY p99_ms DESC;

-- name: new since yesterday
-- Places that stalled in the last day of what was collected, and in none before.
SELECT place, cause, sum(ns) / 1e9 AS seconds, min(began) AS first, arrayStringConcat(arraySort(groupUniqArray(host)), ', ') AS hosts
FROM stalled
GROUP BY place, cause
HAVING first >= (SELECT max(began) FROM records) - INTERVAL 1 DAY
ORDER BY seconds DESC;

-- name: what is not known
-- Doubtful stalls, blind spots, what was lost and what was discarded: by host.
SELECT h.host AS host, kind, what, sum(number) AS number
FROM (
    SELECT filename, 'doubt' AS kind, doubt AS what, 1 AS number FROM records
    WHERE type = 'stall' AND NOT ongoing AND doubt <> ''
    UNION ALL
    SELECT filename, 'blind', name, value
    FROM records ARRAY JOIN mapKeys(blind) AS name, mapValues(blind) AS value WHERE type = 'summary'
    UNION ALL
    SELECT filename, 'lost', name, value
    FROM records ARRAY JOIN mapKeys(lost) AS name, mapValues(lost) AS value WHERE type = 'summary'
    UNION ALL
    SELECT filename, 'discarded', name, tupleElement(value, 'count')
    FROM records ARRAY JOIN mapKeys(discarded) AS name, mapValues(discarded) AS value WHERE type = 'summary'
) AS r
JOIN hosts AS h ON h.filename = r.filename
GROUP BY host, kind, what
ORDER BY host, kind, number DESC;
