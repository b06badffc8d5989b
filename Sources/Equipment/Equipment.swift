// Equipment: what stands between hosts, as values that time and packets flow through.
//
// May use: Memory, Wire, Stack's time and packet offloads, and the standard library. Promises: no
// thread, no clock, no system call; integer arithmetic only; the same packets, times and seed give
// the same outcome; no heap allocation per packet in the steady state; every loss is counted.
//
//   Tracking/  flows that pass: their names, phases, how long they are remembered
//   Firewall/  rules for flows, their text, what whoever is denied is told
//   Switching/ where a bridge sends frames
//   Links/     impaired links: loss in bursts or not, delay by distributions, duplication,
//              reordering, corruption, rate, queues; and the text that describes them
