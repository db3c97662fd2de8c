#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules that stick to descendants: ebpf-ctl allow --children. The tests load only cgroups that they have made.
load helper
load policy

# Prints the results of a process and of its descendants, whatever they are called.
family() { # NAME
	act "$1" <<-END
		print('itself', both())
		print('child', in_child('pp-child', both))
		print('grandchild', in_child('pp-child', lambda: in_child('pp-grandchild', both)))
		print('orphan', orphaned('pp-orphan', both))
		print('program', after_exec('pp-program', 'print(both())'))
		rename('pp-renamed')
		print('renamed', both(), flush=True)
		become('pp-becomes', "print('becomes', both())")
	END
}

all_say() { # WHAT
	printf '%s\n' {itself,child,grandchild,orphan,program,renamed,becomes}" $1"
}

# Succeeds if the kernel programs have forgotten every process.
is_forgotten() { [ "$(bpftool -j map dump pinned "$root/maps/kin")" = '[]' ]; }

@test "children: without it a rule is left by another name" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	[ "$(family pp-ruled)" = "$(all_say 'ok ok' | sed 's/itself ok ok/itself ok EPERM/')" ]
}

@test "children: descendants keep it: by fork, under other names, after exec, without their parents" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --children
	[ "$(family pp-ruled)" = "$(all_say 'ok EPERM')" ]
	[ "$(family pp-free)" = "$(all_say 'ok ok')" ]
	act pp-free <<-'END' >said
		def pass_through():
		    rename('pp-ruled'); rename('pp-other')
		    return both()
		print(in_child('pp-free', pass_through), both())
	END
	[ "$(<said)" = 'ok EPERM ok ok' ]
	wait_until is_forgotten
}

@test "children: off and on again, by the next call of those that are there" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --children
	ctl allow 8080 pp-another --children
	start_act ruled pp-ruled <<-'END'
		def watch():
		    for step in 'off', 'on', 'gone':
		        print(step, both(), flush=True)
		        said('before-' + step); wait_for(step)
		    return both()
		print('end', in_child('pp-child', watch))
	END
	wait_until [ -e before-off ]
	ctl children off pp-ruled
	touch off
	wait_until [ -e before-on ]
	ctl children on pp-ruled
	touch on
	wait_until [ -e before-gone ]
	ctl revoke --all pp-ruled
	touch gone
	finish ruled
	[ "$(<"$(out ruled)")" = $'off ok EPERM\non ok ok\ngone ok EPERM\nend ok ok' ]
}

@test "children: a rule made later finds those that are there, and what they have open" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	start_act maker pp-maker <<-'END'
		def child():
		    connection = connect(8081)
		    connection.send(b'before')
		    said('connected'); wait_for('ruled')
		    attempt(send_and_hear, connection) # the first send may pass
		    return attempt(send_and_hear, connection) + ' ' + both()
		print(in_child('pp-middle', lambda: in_child('pp-child', child)))
	END
	start_act orphan pp-maker <<-'END'
		print(orphaned('pp-orphan', lambda: (said('orphan'), wait_for('ruled'), both())[2]))
	END
	wait_until [ -e connected ]
	wait_until [ -e orphan ]
	ctl allow 8080 pp-maker --children
	touch ruled
	finish maker
	finish orphan
	[ "$(<"$(out maker)")" = 'dropped ok EPERM' ]
	[ "$(<"$(out orphan)")" = 'ok ok' ] # its ancestors are gone: it is not found
}

@test "children: of an executable, and of a process by its number" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	cp "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" pp-python
	ctl allow 8080 "$PWD/pp-python" --children
	act pp-any <<-END >said
		print('another', both())
		print('itself', printed_by('$PWD/pp-python', 'print(both())'))
		other = os.path.realpath(sys.executable)
		print('its child', printed_by('$PWD/pp-python', f"print(printed_by('{other}', 'print(both())'))"))
		print('what it becomes', printed_by('$PWD/pp-python', f"os.execve('{other}', *image('{other}', 'print(both())'))"))
	END
	[ "$(<said)" = $'another ok ok\nitself ok EPERM\nits child ok EPERM\nwhat it becomes ok EPERM' ]
	start_act numbered pp-numbered <<-'END'
		open('pid', 'w').write(str(os.getpid())); said('started'); wait_for('ruled')
		print(both(), in_child('pp-child', both), orphaned('pp-orphan', both))
	END
	wait_until [ -e started ]
	ctl allow 8081 "pid:$(<pid)" --children
	touch ruled
	finish numbered
	[ "$(<"$(out numbered)")" = 'EPERM ok EPERM ok EPERM ok' ]
}

@test "children: limited to a cgroup, it holds in there alone" {
	mkdir -p "$cgroup/one"
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --cgroup "$cgroup/one" --children
	act pp-ruled <<-END >said
		print('outside', both())
		open('$cgroup/one/cgroup.procs', 'w').write('0')
		print('inside', in_child('pp-child', both))
		def leave():
		    open('$cgroup/cgroup.procs', 'w').write('0')
		    return both()
		print('left', in_child('pp-child', leave))
	END
	[ "$(<said)" = $'outside ok ok\ninside ok EPERM\nleft ok ok' ]
}

@test "children: of several that stick, each allows its ports" {
	given --cgroup "$cgroup"
	serve peer 8080 8081 8082
	ctl allow 8080 pp-outer --children
	ctl allow 8081 pp-inner --children
	act pp-outer <<-'END' >said
		def inner():
		    def three(): return both() + ' ' + attempt(connect, 8082)
		    return three() + ', ' + in_child('pp-child', three)
		print(in_child('pp-inner', inner))
	END
	[ "$(<said)" = 'ok ok EPERM, ok ok EPERM' ]
}

@test "children: what they are denied is told under their own names" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --children
	listen denials deny
	act pp-ruled <<<"in_child('pp-child', both)"
	wait_until has_lines "$(out denials)" 1
	finish denials INT
	[ "$(jq -r '"\(.comm) \(.remote_port) \(.rule)"' "$(out denials)")" = 'pp-child 8081 pp-ruled' ]
}

@test "children: said of a process, shown, taken off again; kept by export and apply" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled --children
	ctl allow 8080 pp-other
	told() { ctl rules --json | jq -c '[.[] | {(.process): .children}] | add'; }
	[ "$(told)" = '{"pp-other":false,"pp-ruled":true}' ]
	ctl allow 8081 pp-ruled
	ctl children on pp-other
	[ "$(told)" = '{"pp-other":true,"pp-ruled":true}' ]
	ctl children off pp-other
	ctl rules | grep '^pp-ruled + children  all'
	ctl export >policy
	[ "$(<policy)" = $'allow 8080/tcp pp-other\nallow 8080-8081/tcp pp-ruled\nchildren pp-ruled' ]
	ctl children off pp-ruled
	[ "$(told)" = '{"pp-other":false,"pp-ruled":false}' ]
	ctl apply policy
	[ "$(ctl export)" = "$(<policy)" ]
	run --separate-stderr ctl children on pp-ruled
	[ "$status $stderr" = '0 ebpf-ctl: unchanged: the rules of pp-ruled hold for its children' ]
	run --separate-stderr ctl children on pp-nobody
	[ "$status ${stderr_lines[0]}" = '1 ebpf-ctl: there are no rules of pp-nobody' ]
	echo 'children pp-nobody' >>policy
	run --separate-stderr ctl apply policy
	[ "$status" = 1 ]
	[[ $stderr == *'policy:4: children of '\''pp-nobody'\'' without an allow or audit '* ]]
}
