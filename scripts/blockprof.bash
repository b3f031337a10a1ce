# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of blockprof's arguments, for bash-completion or sourced by hand.

_blockprof_pids() {
	local before='' path
	[[ $1 == *,* ]] && before=${1%,*},
	for path in /proc/[0-9]*; do
		echo "$before${path#/proc/}"
	done
}

_blockprof() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} index formats='text json'
	local options='-p --pid -c --comm -u --unit --cgroup -f --follow -t --threshold -d --duration -o --output -F --format
		--stalls-only --width --max-size --all-threads --loop --match --ignore --ignore-file --advice --no-advice
		--on-stall --fail -q --quiet -v --verbose -V --version -h --help'
	[ "${COMP_WORDS[1]}" != top ] ||
		options='-p --pid -c --comm -u --unit --cgroup -f --follow -t --threshold -d --duration --loop
			-q --quiet -v --verbose -V --version -h --help'
	[ "${COMP_WORDS[1]}" != report ] ||
		options='-o --output -F --format --stalls-only --width --redact --diff --since --until --loops
			--without --match --ignore --ignore-file --advice --no-advice -q
			--quiet -v --verbose -V --version -h --help'
	[ "${COMP_WORDS[1]}" != serve ] ||
		options='-t --threshold -c --comm -u --unit --cgroup --all-threads --stalls-only --match --ignore
			--ignore-file --advice --no-advice --on-stall --listen --allow-host
			--token-file --read-only-metrics --state-dir --keep --defaults --check -q --quiet -v --verbose -V --version -h --help'
	[ "${COMP_WORDS[1]}" != dump ] ||
		options='-p --pid --every -d --duration -o --output -F --format -q --quiet -v --verbose -V --version -h --help'
	COMPREPLY=()

	# Behind "--" is a command of its own.
	for ((index = 1; index < COMP_CWORD; index++)); do
		if [ "${COMP_WORDS[index]}" = -- ]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((index + 1))
			else
				mapfile -t COMPREPLY < <(compgen -c -- "$word")
			fi
			return
		fi
	done

	case $previous in
	-p | --pid) mapfile -t COMPREPLY < <(compgen -W "$(_blockprof_pids "$word")" -- "$word") ;;
	-t | --threshold) mapfile -t COMPREPLY < <(compgen -W '10ms 50ms 100ms 500ms 1s' -- "$word") ;;
	--every) mapfile -t COMPREPLY < <(compgen -W '100ms 500ms 1s 10s' -- "$word") ;;
	-d | --duration) mapfile -t COMPREPLY < <(compgen -W '10s 1m 10m' -- "$word") ;;
	-F | --format)
		[ "${COMP_WORDS[1]}" = dump ] || formats+=' folded html svg pprof perfetto speedscope'
		mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$word")
		;;
	--max-size) mapfile -t COMPREPLY < <(compgen -W '100M 1G' -- "$word") ;;
	--width) mapfile -t COMPREPLY < <(compgen -W '800 1200 2400' -- "$word") ;;
	-o | --output | --diff) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--cgroup) mapfile -t COMPREPLY < <(compgen -d -- "${word:-/sys/fs/cgroup/}") ;;
	-u | --unit) mapfile -t COMPREPLY < <(compgen -W "$(systemctl list-units --plain --no-legend 2>/dev/null |
		cut -d' ' -f1)" -- "$word") ;;
	--on-stall) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
	--state-dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	--defaults | --ignore-file | --token-file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--keep) mapfile -t COMPREPLY < <(compgen -W '100M 256M 1G' -- "$word") ;;
	--since | --until) mapfile -t COMPREPLY < <(compgen -W '-15m -1h' -- "$word") ;;
	--listen) mapfile -t COMPREPLY < <(compgen -W '127.0.0.1:10435 unix:/run/blockprof/http' -- "$word") ;;
	-c | --comm | --allow-host | --loop | --loops | --without | --match | --ignore) ;;
	*)
		if [[ $word == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		elif [ "$COMP_CWORD" -eq 1 ]; then
			mapfile -t COMPREPLY < <(compgen -W 'watch dump top report serve' -- "$word")
		elif [ "${COMP_WORDS[1]}" = report ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi
		;;
	esac
}

complete -o filenames -F _blockprof blockprof
