@0xb8463fd03acf1298;

# The protocol between two peers, version 1: the form of every header frame on the wire. docs/protocol.md says when each
# message is sent and what must follow.
#
# A message is one or two ZeroMQ frames: a header, and for some messages a payload. The header frame is exactly one
# Cap'n Proto segment without a segment table, so that "capnp decode --flat gossip.capnp Header" prints it. Its size is
# a multiple of 8 and at most 16384 bytes. Numbers are little-endian. Texts are UTF-8 without control characters, at most
# 1024 bytes each. A reader refuses a frame that breaks a bound given here, whole, before it acts on any part of it.
#
# How this file may change
#   - New fields are appended, with the next free number and a default that means what their absence meant. A reader ignores
#     fields that it does not know. This does not change the protocol version.
#   - A new member of the union is a message that an older peer refuses ("unknown_message") and counts as an offence: it
#     may be sent only to a peer whose Hello shows that it knows it. Otherwise the protocol version goes up.
#   - No field is removed, renumbered, or given another type, unit or meaning. What is out of use keeps its number.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("parley::wire::schema");

struct Header {
  from @0 :UInt32;
  # The sender's place in the roster, 0-based. Once links are authenticated it must be the one that the key belongs to.

  payloadSize @1 :UInt32;
  # Bytes in the second frame. 0: there is no second frame. Not 0 only for difference and reference.

  incarnation @2 :UInt64;
  # Tells one life of the sender from the next: a restarted peer has another. Never 0.

  toIncarnation @3 :UInt64;
  # The receiver's incarnation, as the sender knows it. 0: not known yet, in hello only.

  sequence @4 :UInt64;
  # 1, 2, 3, ... over the difference, hold, reference and goodbye messages from this incarnation to that one.
  # 0 for all others.

  acknowledged @5 :UInt64;
  # Every sequence below this, from that incarnation of the receiver, has arrived at the sender. At most one more
  # than the highest that the receiver has sent. 0: says nothing.

  payloadHash @6 :UInt64;
  # XXH3, 64 bits, seed 0, of the payload. 0 without a payload.

  resent @7 :Bool;
  # This sequence was sent before. Only with a sequence.

  union {
    unset @8 :Void;
    # What a header of zeros means: nothing. Refused.

    hello @9 :Hello;
    # Opens a link, or opens it again.

    difference :group {
      # A compressed difference of the sender's model and its reference or, for full exchange, a model. The layout of
      # the payload belongs to the compression operator.
      round @10 :UInt64;
      # The training round, 0-based, below 2^48.
      phase @11 :UInt16;
      # The exchange inside the round, 0-based.
      degree @12 :UInt32;
      # The number of neighbours that the sender sends to in this round.
      wireId @13 :UInt8;
      # The compression operator that made the payload. Known operators are listed in docs/compression.md; the receiver
      # refuses another one than was agreed.
      contraction @14 :Float32;
      # What the sender's compressor keeps of what it is given, 1 - |C(x) - x|^2 / |x|^2, each measurement clamped to
      # [0, 1]: the running mean over the differences before this one, which starts at what the operator guarantees. 0
      # from algorithms that do not measure.
    }

    hold :group {
      # Stands for a difference when the sender has nothing to send in this round, but has begun this exchange. In a round
      # in which only the receiver sends, every message of it is answered so: a sender has at most three of its messages
      # in exchanges that the other has not begun.
      round @15 :UInt64;
      phase @16 :UInt16;
      degree @17 :UInt32;
      # All three as in difference.
    }

    reference :group {
      # A snapshot of the sender's reference. The payload is d little-endian floats of 32 bits, d being the number of
      # parameters.
      round @18 :UInt64;
      # The round that the snapshot was taken before. Below 2^48.
    }

    ping @19 :UInt64;
    # A token. Answered at once by a pong with the same token. The answer's "acknowledged" tells the sender of the ping what
    # was lost before it.

    pong @20 :UInt64;
    # The token of the ping that it answers.

    acknowledge :group {
      # Carries the acknowledgement that every header has, when nothing else is being sent.
      missing @21 :UInt32;
      # Not 0: later messages have arrived, but this many from "acknowledged" on have not; they are to be sent again.
    }

    goodbye :group {
      # The last sequenced message of a link.
      round @22 :UInt64;
      # The sender takes part in no round from this one on. At most 2^48.
      reason @23 :Text;
      # For people and logs. May be empty.
    }

    refuse :group {
      # The sender does not agree, or no longer.
      answers @24 :UInt64;
      # As in Hello. 0 if it answers another message than a hello.
      reason @25 :Text;
      # For the receiver's operator.
    }
  }
}

struct Hello {
  protocolVersion @0 :UInt32;
  # 1. Compared before anything else.

  agreed @1 :Bool;
  # The sender has accepted the receiver's incarnation "toIncarnation". No answer is needed by the sender.

  number @2 :UInt64;
  # 1, 2, 3, ... over the hellos that the sender's incarnation has sent, to any incarnation.

  answers @3 :UInt64;
  # The number of the receiver's hello, of the incarnation "toIncarnation", that this one answers. 0: none.

  round @4 :UInt64;
  # The round that the sender is in. Below 2^48.

  name @5 :Text;
  # The sender's name in the roster. Not empty.

  terms @6 :List(Term);
  # What both ends must have alike, at most 64, keys without repetition. By convention the swarm's name comes first.
}

struct Term {
  key @0 :Text;
  # Such as "compression.operator". Not empty.

  value @1 :Text;
  # Such as "topk(ratio=0.01)". Compared byte by byte.
}
