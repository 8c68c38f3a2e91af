# belay(1) completion for fish.
# Made from the programs' tables of options; do not edit.

# Whether the second word is $argv.
function __belay_is
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv
end

# The words from the first operand on, where the options $argv take one;
# fails if there are none yet.
function __belay_operands
    set -l words (commandline -opc)
    set -e words[1..2]
    while set -q words[1]; and string match -qr -- '^-.' $words[1]
        set -l word $words[1]
        set -e words[1]
        switch $word
            case --
                break
            case '--*'
                contains -- $word $argv; and set -e words[1]
            case '*'
                set -l letters (string split '' -- $word)[2..-1]
                while set -q letters[1]
                    contains -- -$letters[1] $argv; and break
                    set -e letters[1]
                end
                test (count $letters) -eq 1; and set -e words[1]
        end
    end
    set -q words[1]; and printf '%s\n' $words
end

# What a command would complete itself, $argv being its words before the
# cursor; commands, if there are none.
function __belay_command
    set -l line (commandline -ct)
    if set -q argv[1]
        set -p line (string escape -- $argv)
    else if string match -q -- '-*' $line
        return
    end
    complete -C "$line"
end

complete -c belay -f
complete -c belay -n __fish_use_subcommand -l help -d 'the help'
complete -c belay -n __fish_use_subcommand -l version -d 'the version'
complete -c belay -n __fish_use_subcommand -a 'fault get run help'
complete -c belay -n '__belay_is help' -a 'fault get run'

function __belay_fault_operands
    __belay_operands -l --listen -r --root -u --upstream -c --config --drip --api -s --seed --max-connections --tls-ca --ready-fd --ready-file --log --color
end

function __belay_fault_first
    __belay_is fault; and not __belay_fault_operands >/dev/null
end

complete -c belay -n '__belay_is fault' -s l -l listen -x -d 'PORT, HOST:PORT, [IPV6]:PORT, unix:PATH'
complete -c belay -n '__belay_is fault' -s r -l root -x -a '(__fish_complete_directories)' -d 'serve this directory'
complete -c belay -n '__belay_is fault' -s u -l upstream -x -d 'pass on to there'
complete -c belay -n '__belay_is fault' -s c -l config -r -F -d 'servers from an INI file; see the man page'
complete -c belay -n '__belay_is fault' -l drip -x -d 'of the slow service alone (default 1s)'
complete -c belay -n '__belay_is fault' -l api -x -d 'be controlled there, as toxiproxy is on port 8474'
complete -c belay -n '__belay_is fault' -s s -l seed -x -d 'of all that is left to chance'
complete -c belay -n '__belay_is fault' -l max-connections -x -d 'at once; more are reset'
complete -c belay -n '__belay_is fault' -l private-net -d 'in a network namespace of our own'
complete -c belay -n '__belay_is fault' -l tls-ca -r -F -d 'write there what clients are to trust'
complete -c belay -n '__belay_is fault' -l check -d 'read everything, start nothing'
complete -c belay -n '__belay_is fault' -l ready-fd -x -d 'write the addresses there, and close it'
complete -c belay -n '__belay_is fault' -l ready-file -r -F -d 'write them into this file'
complete -c belay -n '__belay_is fault' -s q -l quiet -d 'no line for each connection'
complete -c belay -n '__belay_is fault' -l json -d 'JSON Lines'
complete -c belay -n '__belay_is fault' -l log -r -F -d 'there, and not to standard output'
complete -c belay -n '__belay_is fault' -l verify -d 'check that what was promised was so'
complete -c belay -n '__belay_is fault' -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c belay -n '__belay_is fault' -l help-faults -d 'the faults that there are'
complete -c belay -n '__belay_is fault' -s h -l help -d 'this text'
complete -c belay -n '__belay_is fault' -l version -d 'the version'

function __belay_get_operands
    __belay_operands -i --input-file --sums --base-url -d --dir -o --output --sha256 -j --jobs --per-host --retries --retry-wait --stall --limit-rate --durability -H --header --user-agent --referer --user --proxy --cacert --max-redirs --progress --color --db --state
end

function __belay_get_first
    __belay_is get; and not __belay_get_operands >/dev/null
end

complete -c belay -n __belay_get_first -a 'resume status forget'
complete -c belay -n '__belay_is get' -s i -l input-file -r -F -d 'a list: aria2\'s form or JSON; - is stdin'
complete -c belay -n '__belay_is get' -l sums -r -F -d 'a list of checksums (SHA256SUMS)'
complete -c belay -n '__belay_is get' -l base-url -x -d 'where the files of --sums are'
complete -c belay -n '__belay_is get' -s d -l dir -x -a '(__fish_complete_directories)' -d 'where files go (default: here)'
complete -c belay -n '__belay_is get' -s o -l output -x -d 'the file\'s name, for one URL'
complete -c belay -n '__belay_is get' -l sha256 -x -d 'its checksum, for one URL'
complete -c belay -n '__belay_is get' -s f -l force -d 'replace files that are there already'
complete -c belay -n '__belay_is get' -s j -l jobs -x -d 'transfers at once (default 8)'
complete -c belay -n '__belay_is get' -l per-host -x -d 'connections to one host at most'
complete -c belay -n '__belay_is get' -l retries -x -d 'attempts after the first (default 4)'
complete -c belay -n '__belay_is get' -l retry-wait -x -d 'wait before the first (default 1s)'
complete -c belay -n '__belay_is get' -l stall -x -d 'give up when nothing comes (default 30s)'
complete -c belay -n '__belay_is get' -l limit-rate -x -d 'bytes per second and transfer'
complete -c belay -n '__belay_is get' -l durability -x -a 'full none' -d 'full (default) or none: no syncing'
complete -c belay -n '__belay_is get' -s H -l header -x -d 'send this header too'
complete -c belay -n '__belay_is get' -l user-agent -x -d 'call ourselves that'
complete -c belay -n '__belay_is get' -l referer -x -d 'say where we come from'
complete -c belay -n '__belay_is get' -l user -x -d 'for servers that ask'
complete -c belay -n '__belay_is get' -l netrc -d 'take them from ~/.netrc'
complete -c belay -n '__belay_is get' -l proxy -x -d 'instead of the environment\'s'
complete -c belay -n '__belay_is get' -l cacert -r -F -d 'trust these certificates'
complete -c belay -n '__belay_is get' -s k -l insecure -d 'do not check certificates'
complete -c belay -n '__belay_is get' -l http1.1 -d 'HTTP/1.1 alone'
complete -c belay -n '__belay_is get' -l http2 -d 'HTTP/2, without TLS too'
complete -c belay -n '__belay_is get' -s 4 -l ipv4 -d 'IPv4 alone'
complete -c belay -n '__belay_is get' -s 6 -l ipv6 -d 'IPv6 alone'
complete -c belay -n '__belay_is get' -l max-redirs -x -d 'redirects at most (default 20)'
complete -c belay -n '__belay_is get' -s q -l quiet -d 'errors alone'
complete -c belay -n '__belay_is get' -s v -l verbose -d 'retries too; -vv: the protocol'
complete -c belay -n '__belay_is get' -l progress -x -a 'auto live plain none' -d 'auto, live, plain or none'
complete -c belay -n '__belay_is get' -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c belay -n '__belay_is get' -l json -d 'events, or the status, as JSON Lines'
complete -c belay -n '__belay_is get' -l db -r -F -d 'the database'
complete -c belay -n '__belay_is get' -s h -l help -d 'this text'
complete -c belay -n '__belay_is get' -l version -d 'the version'
complete -c belay -n '__belay_is get' -l state -x -d 'list those in this state alone'
complete -c belay -n '__belay_is get' -l completed -d 'forget those that are complete'
complete -c belay -n '__belay_is get' -l failed -d 'forget those that failed'
complete -c belay -n '__belay_is get' -l all -d 'forget everything'

function __belay_run_operands
    __belay_operands -t --timeout -k --grace -s --signal --slow --rewrite --terminal --orphans -C --cwd -e --env --limit --ignore --block --stdin -j --jobs -f --file -a --arg-file --retries --retry-wait --output -o --output-dir --prefix --procfile --exit-on --restart --restart-wait --json --junit --tap --trace --progress --color
end

function __belay_run_first
    __belay_is run; and not __belay_run_operands >/dev/null
end

complete -c belay -n '__belay_is run' -x -a '(__belay_command (__belay_run_operands))'
complete -c belay -n __belay_run_first -s t -l timeout -x -d 'end the command after this time'
complete -c belay -n __belay_run_first -s k -l grace -x -d 'from asking to end to killing (default 5s)'
complete -c belay -n __belay_run_first -s s -l signal -x -d 'what asks to end (default TERM)'
complete -c belay -n __belay_run_first -l slow -x -d 'say so when it takes longer, and go on'
complete -c belay -n __belay_run_first -l preserve-status -d 'after a timeout too, exit as the command did'
complete -c belay -n __belay_run_first -l rewrite -x -d 'pass the first on as the second; 0: not at all'
complete -c belay -n __belay_run_first -l terminal -x -a 'give keep' -d 'give it to the command (default), or keep it'
complete -c belay -n __belay_run_first -l orphans -x -a 'kill wait leave' -d 'kill what is left (default), wait for it, or leave it'
complete -c belay -n __belay_run_first -l no-kill -d 'leave it, also when we are killed ourselves'
complete -c belay -n __belay_run_first -s C -l cwd -x -a '(__fish_complete_directories)' -d 'its directory'
complete -c belay -n __belay_run_first -s e -l env -x -d 'set a variable, or take it out'
complete -c belay -n __belay_run_first -l limit -x -d 'a resource\'s soft and hard limit, as nofile=1024'
complete -c belay -n __belay_run_first -l ignore -x -d 'ignore these signals'
complete -c belay -n __belay_run_first -l block -x -d 'block these signals'
complete -c belay -n __belay_run_first -l keep-ignored -d 'ignore what we were started to ignore'
complete -c belay -n __belay_run_first -l keep-fds -d 'have all open fds, and not 0 to 2 alone'
complete -c belay -n __belay_run_first -l stdin -x -a 'auto null inherit' -d 'inherit (one command) or null (several)'
complete -c belay -n __belay_run_first -s j -l jobs -x -d 'at once (default: one for each processor)'
complete -c belay -n __belay_run_first -l jobs-from-make -d 'as many as make\'s jobserver allows'
complete -c belay -n __belay_run_first -s f -l file -r -F -d 'a command for the shell on each line'
complete -c belay -n __belay_run_first -s a -l arg-file -r -F -d 'an argument on each line'
complete -c belay -n __belay_run_first -s i -d 'the lines of standard input'
complete -c belay -n __belay_run_first -s 0 -l null -d 'a 0 byte ends each, and not a newline'
complete -c belay -n __belay_run_first -l retries -x -d 'attempts after the first'
complete -c belay -n __belay_run_first -l retry-wait -x -d 'before the first of them, then double (default 0)'
complete -c belay -n __belay_run_first -l fail-fast -d 'one that fails ends all'
complete -c belay -n __belay_run_first -l keep-going -d 'run all, whoever fails (default)'
complete -c belay -n __belay_run_first -l keep-order -d 'output in the order of the commands'
complete -c belay -n __belay_run_first -l output -x -a 'auto group line raw' -d 'group: by command; line: as lines come; raw'
complete -c belay -n __belay_run_first -s o -l output-dir -x -a '(__fish_complete_directories)' -d 'into files there instead'
complete -c belay -n __belay_run_first -l prefix -x -d 'before each line; {name} {#} {pid}'
complete -c belay -n __belay_run_first -l procfile -r -F -d 'name: command, on each line'
complete -c belay -n __belay_run_first -l exit-on -x -a 'all any failure' -d 'end when all (default), any, or a failed one ended'
complete -c belay -n __belay_run_first -l restart -x -a 'no failure always' -d 'no (default), failure or always'
complete -c belay -n __belay_run_first -l restart-wait -x -d 'before the first restart, then double (default 1s)'
complete -c belay -n __belay_run_first -l json -r -F -d 'what happens, as JSON Lines'
complete -c belay -n __belay_run_first -l junit -r -F -d 'results as JUnit XML'
complete -c belay -n __belay_run_first -l tap -r -F -d 'results as TAP'
complete -c belay -n __belay_run_first -l trace -r -F -d 'what ran when, for Chrome or Perfetto'
complete -c belay -n __belay_run_first -l progress -x -a 'auto live none' -d 'auto, live or none'
complete -c belay -n __belay_run_first -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c belay -n __belay_run_first -s q -l quiet -d 'errors alone'
complete -c belay -n __belay_run_first -s v -l verbose -d 'say which signals go to whom'
complete -c belay -n __belay_run_first -s h -l help -d 'this text'
complete -c belay -n __belay_run_first -l version -d 'the version'
