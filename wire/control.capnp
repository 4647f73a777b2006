@0x9ce386878c4667ba;
# The control protocol: how `parley status`, `parley stop` and other programs talk to a running peer.
#
# Transport: ZeroMQ. The daemon binds a ROUTER socket on an ipc path of mode 0600 (or on a loopback TCP port), a client
# connects a DEALER. Every message is one frame that holds one Cap'n Proto message in the standard stream framing,
# not packed, without trailing bytes. A client may have several requests under way on one connection; each is answered
# by exactly one reply with the same id, in any order.
#
# Bounds, refused beyond them: a request frame has at most 4 KiB, a reply frame at most 4 MiB; names and endpoints have at
# most 256 bytes, reasons at most 1024; at most 4096 neighbours are listed and as many names waited for. All text is UTF-8
# without control characters, so that it can be shown on a terminal as it is.
#
# Growth: fields and union members are only ever appended, and their numbers never reused. A daemon answers a request it
# does not know with `refused`. protocolVersion changes only if old and new programs cannot understand each other.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("parley::wire::control_schema");

struct ControlRequest {
  protocolVersion @0 :UInt32;  # 1
  id @1 :UInt64;               # chosen by the client, repeated in the reply; 0 is not used

  union {
    status @2 :Void;           # what the peer is doing; answered by `status`
    stop @3 :Void;             # finish the round, say goodbye to the neighbours, write the results and exit; answered by
                               # `done` as soon as the peer has begun to
  }
}

struct ControlReply {
  protocolVersion @0 :UInt32;  # 1
  id @1 :UInt64;               # that of the request; 0 if the request could not be read

  union {
    status @2 :PeerStatus;
    done @3 :Void;
    refused @4 :Text;          # why, for a person
  }
}

struct PeerStatus {
  # What a peer is and has done so far. Measured, not estimated: bytes are those written to and read from sockets.
  # Quantities that are not known yet are NaN. All durations are in seconds of the peer's own monotonic clock.

  name @0 :Text;               # in the roster, such as "peer-3"
  swarm @1 :Text;
  configHash @2 :Text;         # of the configuration that all peers share
  state @3 :State;
  failure @4 :Text;            # why, if the state is failed; else empty
  pid @5 :UInt32;              # of the daemon, in its own process namespace
  uptimeSeconds @6 :Float64;   # since the daemon started; finite, not negative

  round @7 :UInt64;            # rounds completed
  rounds @8 :UInt64;           # rounds to do in all; 0: until another condition ends the run
  modelHash @9 :Text;          # hexadecimal, of the parameters after `round` rounds; empty until it has been computed
  loss @10 :Float64;           # of the last minibatch
  trainLoss @11 :Float64;      # at the last evaluation, as are the next two
  testLoss @12 :Float64;
  testAccuracy @13 :Float64;   # a fraction in [0, 1]
  consensusDistance @14 :Float64;  # how far the models of the neighbourhood are apart, as the peer knows them

  sent @15 :TrafficBytes;
  received @16 :TrafficBytes;
  seconds @17 :PhaseSeconds;
  maxRssBytes @18 :UInt64;     # the most memory the daemon has held at any one time

  waitingFor @19 :List(Text);  # neighbours whose agreement, or message of the open exchange, is lacking
  waitingSeconds @20 :Float64; # for how long the exchange has been waiting; 0 if it is not

  neighbours @21 :List(NeighbourStatus);
}

enum State {
  starting @0;                 # loading data, binding sockets
  waiting @1;                  # for the links to the neighbours to be agreed
  training @2;
  draining @3;                 # done with training: waiting for the last messages to be acknowledged
  done @4;                     # drained, because the training was over or the peer was asked to stop
  failed @5;                   # see `failure`
}

struct TrafficBytes {
  # Bytes on the wire by what they were for, framing included.
  payload @0 :UInt64;          # compressed differences, first transmission
  header @1 :UInt64;           # of the messages that carry them, first transmission
  control @2 :UInt64;          # greetings, acknowledgements, pings
  resend @3 :UInt64;           # repetitions, header and payload
}

struct PhaseSeconds {
  # Where the time of the rounds went. Finite, not negative. The gradient may overlap the exchange, so that the sum
  # may exceed the uptime.
  compute @0 :Float64;         # gradients and evaluations
  encode @1 :Float64;          # compressing
  wait @2 :Float64;            # for messages of neighbours, also while a gradient is computed beside it
  decode @3 :Float64;          # decompressing into references
  mix @4 :Float64;
}

struct NeighbourStatus {
  name @0 :Text;
  endpoint @1 :Text;           # to which this peer connects
  link @2 :LinkState;
  weight @3 :Float64;          # w_ij of the last mixing step; finite
  round @4 :UInt64;            # the round of its newest message; 0 if roundUnknown
  roundLag @5 :Int64;          # own round minus that: positive if the neighbour is behind; 0 if roundUnknown
  rttSeconds @6 :Float64;      # smoothed round trip; NaN: not measured yet
  lastHeardSeconds @7 :Float64;  # time since anything was heard from it; NaN: never
  sent @8 :TrafficBytes;
  received @9 :TrafficBytes;
  resent @10 :UInt64;          # messages repeated to it
  duplicates @11 :UInt64;      # messages it repeated although they had arrived
  offences @12 :UInt64;        # malformed or impossible messages it sent
  roundUnknown @13 :Bool;      # no message of a round has come from it yet
}

enum LinkState {
  greeting @0;                 # saying hello, no answer yet
  agreed @1;
  suspect @2;                  # agreed, but silent for long
  closed @3;                   # one side said goodbye
  refused @4;                  # the two configurations do not match, or too many offences
}
