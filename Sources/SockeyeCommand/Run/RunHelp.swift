extension RunCommand {
    /// What who types `sockeye run` alone reads.
    static let lesson = """
        usage: sockeye run [OPTION …] [--] PROGRAM [ARGUMENT …]

        Runs a program, as it is and without root, with Sockeye's TCP/IP under its socket calls
        instead of the kernel's. Try:

          sockeye run curl http://services.sockeye/
                  a page of the built-in host: needs no network at all
          sockeye run --loss 2% --delay 50ms --stats -- curl -o page http://example.org/
                  a bad network, and at the end what it did to the connection
          sockeye run --capture run.pcapng --deny 'out udp' -- ssh somewhere
                  records the packets of this one program, and fences it

        'sockeye run --help' lists all options.
        """

    /// `sockeye run --help`.
    static let help = """
        usage: sockeye run [OPTION …] [--] PROGRAM [ARGUMENT …]

        Runs a program, as it is and as an ordinary user, with Sockeye's TCP/IP under its socket
        calls instead of the kernel's. Whatever the program starts runs on it too. What stands
        after PROGRAM is the program's.

        The program finds a host of its own, 10.0.2.15 and fd00:2::15, on a link to a gateway
        (10.0.2.2, fd00:2::2) that carries its connections on to where the machine can reach. It
        reaches what listens on the machine's 127.0.0.1, and where it listens itself the machine
        reaches it at the same port. One host is built in: services.sockeye (10.0.2.4, fd00:2::4)
        serves echo (7), discard (9), daytime (13), chargen (19) and web pages (80), so that
        everything can be tried without any network.

        See what it sends:
          --capture FILE     records every packet as pcapng, for tshark or Wireshark, with the name
                             of the program, and for those that were dropped the reason, as comments
          --capture -        prints every packet as a line on standard error (--show does too);
                             may stand beside --capture FILE
          --stats            prints at the end, and on SIGUSR1, a table of connections: bytes,
                             packets, round-trip time, retransmissions, states, times
          --stats=json       as JSON; --stats=json:FILE and --stats=table:FILE write to a file
          --progress         shows throughput and what is open, once a second, on a terminal

        Trouble its network, both ways:
          --loss P           loses packets, such as 2%; in bursts 'gilbert 1% 20%'
                             (into bad times, out of them) or 'state 1% 20% …' as netem has it
          --delay T          delays packets, such as 50ms (each way)
          --jitter T         varies the delay by up to T
          --distribution D   of the jitter: uniform; normal or pareto, of which T is the standard
                             deviation
          --duplicate P      sends packets twice
          --reorder P        holds packets back ('5% hold 10ms') or lets them overtake others
                             ('25% gap 5')
          --corrupt P        turns over a bit of a packet, or each bit ('bits 0.001%')
          --rate R           bounds the link, such as 10mbit; '10mbit overhead 24' counts bytes on
                             top of each packet
          --queue N          packets that wait for the rate, or bytes such as 64kb
          --mtu BYTES        of the link: 1280 to 65520 (default: 1500)
        or one way only:
          --up 'loss 2% rate 1mbit', --up-loss P …
                             what the program sends
          --down 'delay 40ms 5ms', --down-delay T …
                             what it receives
        What happens to a packet depends on its number and the seed alone:
          --seed N           repeats the same decisions

        Fence it:
          --deny RULE, --allow RULE
                             may be repeated; the first rule that fits a connection decides. What
                             none fits is allowed, or denied once an --allow is given
          --isolate          its loopback is its own, nothing it listens on is published, and
                             nothing of the machine is reached but what --allow and --publish name
        A RULE says which connections, and datagrams, it is for; each part may be left out:
          in or out          which way the first packet goes
          tcp, udp, icmp, icmpv6, sctp, a number, any
          from ADDRESS[/BITS], to ADDRESS[/BITS]
          port PORTS         that they go to: 53, 8000-8080 or 80,443; source-port likewise
          program NAME       as ps shows it
          silently           who is denied learns nothing
          log                a line on standard error for each
        Such as 'out tcp to 10.0.0.0/8', 'out udp port 53', 'in from 192.0.2.7', 'program curl'.
        Who is denied is told at once, unless silently. This fences honest programs.
        It is no sandbox: a program that wants to get round it can.

        Let others in:
          --publish [ADDRESS:]HOSTPORT:PORT[/udp]
                             the machine's HOSTPORT leads to the program's PORT; may be repeated
          --network NAME     puts all runs of yours with that NAME on one switch
          --host NAME        what the others there find this run by

          --seed, --mtu and all else take their value as the next word or after '='.
          --ipv4             the program's host has no IPv6
          --help             this text

        Exit status: the program's own, 128 + N when signal N ended it; 127 when it is not there,
        126 when it cannot be executed, 125 when Sockeye failed, 2 when the command line was wrong.

        Examples:
          sockeye run curl http://services.sockeye/
          sockeye run --loss 2% --delay 50ms --stats -- curl -o page http://example.org/
          sockeye run --capture run.pcapng -- python3 -m http.server 8000
          sockeye run --up 'rate 1mbit' --down 'rate 8mbit delay 20ms' -- bash
          sockeye run --allow 'out tcp port 443' --allow 'out udp port 53' -- git fetch
          sockeye run --publish 8080:80 --isolate -- nginx -g 'daemon off;'
        """
}
