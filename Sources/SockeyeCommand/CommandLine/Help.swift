/// What the command says of itself.
enum Help {
    static let overview = """
        usage: sockeye COMMAND [OPTION …]

        An Internet of your own in user space: TCP/IP hosts, and any program on one.

          demo    two hosts talk to each other; every packet is explained
          host    a TCP/IP host on devices of the system
          run     a program on Sockeye's stack instead of the kernel's, without root
          gateway the way out for a container or a virtual machine, without root
          netstat the sockets, routes, interfaces and counters of a host
          arp     the neighbours of a host
          ping    echoes from a host
          traceroute
                  the routers on the way from a host
          checksum
                  an error-detecting code over a message, with the working shown
          help    this text, or with a command's name what that command takes
          version the version

        Exit status: 0 when all went well, 1 when something failed, 2 when the command line
        was wrong; 'run' passes on the program's own.
        """

    static let texts: [String: String] = [
        "demo": demo, "host": host, "run": RunCommand.help, "gateway": GatewayCommand.help,
        "netstat": netstat, "arp": arp,
        "ping": ping, "traceroute": traceroute,
        "checksum": ChecksumCommand.help,
    ]

    private static let demo = """
        usage: sockeye demo [--capture FILE]

        Two hosts on a wire inside this process, without privilege or network: one serves echo,
        daytime and a web page, the other uses them. Shows each packet as tcpdump would, the
        handshake and the close as a ladder, and the tables of sockets.

          --capture FILE   where the packets go, for tshark or Wireshark (default: demo.pcap)
        """

    private static let host = """
        usage: sockeye host DEVICE --address ADDRESS/LENGTH [OPTION …] [DEVICE …]

        A TCP/IP host of its own on one or more devices, until SIGINT or SIGTERM; then it closes
        its connections in order.

        Devices:
          --tap NAME         a TAP device; it is made if it does not exist (CAP_NET_ADMIN)
          --tun NAME         a TUN device: packets without Ethernet
          --packet NAME      the Ethernet interface NAME of the kernel's, beside it (CAP_NET_RAW)
          --unix-stream [listen:]PATH
                             a UNIX socket as QEMU's '-netdev stream' and passt have it
          --unix-datagram LOCAL,REMOTE
                             two UNIX sockets, a datagram for each frame
          --dummy NAME       a link on which nobody is

        For the device before them, and for the first one where they stand before all:
          --address A/L      an address and its network, such as 10.7.0.2/24; may be repeated
          --gateway ADDRESS  where packets to other networks go
          --mac ADDRESS      the hardware address (default: made from the first address)
          --mtu BYTES        the largest packet (default: the device's)
          --capture FILE     records every packet
          --no-offload       neither checksums nor segmentation are left to the device
          --autoconfigure    makes addresses and routes of what routers tell (IPv6)
          --temporary-addresses
                             and such as change every day beside them
          --detect-duplicates
                             uses no address that somebody else has
          --advertise PREFIX tells hosts to make addresses of PREFIX (with --forward)
        \(impairments)

        For the host:
          --route P=G[@M]    packets to the network P go through the gateway G, with the metric M;
                             P alone: it is on the link of the device before it
          --forward          passes packets on from one device to another
          --name NAME        lets 'sockeye netstat' and its like find it, by a control socket that
                             is the user's alone
          --serve LIST       services, separated by commas: echo, discard, daytime, chargen, dns,
                             http=DIRECTORY (GET and HEAD of its files), each NAME[:PORT]
          --writable         lets http clients PUT files too
          --stats            prints the counters at the end
        """

    private static let impairments = """
          --loss P           loses packets, such as 2% (each way); in bursts 'gilbert 1% 20%'
                             (into bad times, out of them) or 'state 1% 20% …' as netem has it
          --delay T          delays packets, such as 40ms (each way)
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
          --out-loss P …     each of these for what leaves only
          --in-loss P …      each of these for what comes in only
          --seed N           repeats the same random decisions
        """

    /// What tools that work on a host of another process say of it.
    private static let hostChoice = """
          --name NAME        the host, as 'sockeye host --name' called it; may be left out where
                             only one runs
        """

    /// What tools that speak say of the host they speak from.
    private static let ownHost = """
        \(hostChoice)

        Instead of --name, the device and addresses of a host that lasts as long as the tool, as
        'sockeye host' takes them: --tap NAME --address A/L --gateway ADDRESS …
        """

    private static let ping = """
        usage: sockeye ping [--name NAME | DEVICE …] [OPTION …] ADDRESS

        Echoes by ICMP or ICMPv6 from a host's own stack, in the form of iputils' ping. Link-local
        addresses take their interface: fe80::1%tap0.

          -c N               sends N requests (default: until SIGINT)
          -i SECONDS         between requests (default: 1)
          -s BYTES           of payload (default: 56)
          -t N               hops that a request may take
          -W SECONDS         how long to wait where nothing answers (default: 10)
          -w SECONDS         when to end in any case
          -M do|want|dont|probe
                             whether requests may be fragmented
          -I NAME            the interface to leave through, or the address to speak from
          -q                 only the summary
          -4, -6             IPv4, IPv6
        \(ownHost)

        Exit status: 0 when there was an answer, 1 when there was none, 2 when the command line
        was wrong.
        """

    private static let traceroute = """
        usage: sockeye traceroute [--name NAME | DEVICE …] [OPTION …] ADDRESS [BYTES]

        The routers on the way to a destination, in the form of Linux's traceroute. Probes are
        datagrams to ports from 33434 on, or

          -I                 echo requests
          -T                 TCP segments with SYN, to port 80

          -q N               probes for each hop (default: 3)
          -f N, -m N         the first and the last hop (default: 1 and 30)
          -w SECONDS         how long to wait for answers (default: 5)
          -p PORT            the first port, with -T the only one
          -i NAME, -s A      the interface to leave through, the address to speak from
          -n                 addresses once
          -4, -6             IPv4, IPv6
        \(ownHost)
        """

    private static let netstat = """
        usage: sockeye netstat [--name NAME] [-r | -i | -g | -s] [OPTION …]

        The tables of a host in the form of net-tools' netstat: sockets, or one of

          -r                 routes (-6: those of IPv6)
          -i                 interfaces and what passed through them
          -g                 groups that the interfaces are members of
          -s                 every counter, by protocol (-t, -u, -w: only those)

        Of the sockets:
          -a, -l             all of them; only those that wait for peers
          -t, -u, -w         TCP, UDP, raw
          -4, -6             IPv4, IPv6
          -n                 addresses as numbers, as they always are
        \(hostChoice)
        """

    private static let arp = """
        usage: sockeye arp [--name NAME] [OPTION …] [ADDRESS]
               sockeye arp [--name NAME] [-i INTERFACE] -s ADDRESS MAC
               sockeye arp [--name NAME] [-i INTERFACE] -s ADDRESS pub
               sockeye arp [--name NAME] [-i INTERFACE] -d ADDRESS [pub]

        The neighbours of a host, of both families, in the form of net-tools' arp.

          -a                 a sentence each
          --states           as 'ip neigh' shows them
          -s, -d             sets an entry for good, or deletes it; with 'pub' the host answers
                             for the address in the place of who has it
          -i INTERFACE       those on one interface
          -4, -6             IPv4, IPv6
          -n                 addresses as numbers, as they always are
        \(hostChoice)
        """
}
