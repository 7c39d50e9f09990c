package io.limestone.appraisal;

import io.limestone.testkit.ima.ImaRecord;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * What whoever can alter answers may do between one poll and the next (threats 17, 19, 26): the
 * verifier has a part of the list already, and is sent the rest, or what is said to be the rest.
 */
enum SliceTampering {
  /** Any of the tamperings with a list, on the part that is sent. */
  ALTERED {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      List<ImaRecord> tail = poll.tail();
      ImaTampering how = pick(List.of(ImaTampering.values()), random);
      return tail.isEmpty() ? Optional.empty() : poll.sent(how.of(tail, random));
    }
  },
  /** The first of the new entries is not among them. */
  DROPPED_START {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      int size = poll.tail().size();
      return size == 0
          ? Optional.empty()
          : poll.sent(poll.tail().subList(1 + random.nextInt(size), size));
    }
  },
  /** The list is shorter than it was when it was quoted. */
  SHORTENED {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      int size = poll.tail().size();
      return size == 0 ? Optional.empty() : poll.sent(poll.tail().subList(0, random.nextInt(size)));
    }
  },
  /** The whole list, as if from the start, and shorter. */
  SHORTENED_WHOLE {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      return Optional.of(new Sent(poll.list().subList(0, random.nextInt(poll.list().size())), 0));
    }
  },
  /** Begins with entries that are bound already. */
  REPEATED {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      int from = random.nextInt(poll.bound());
      return poll.sent(poll.list().subList(from, poll.list().size()));
    }
  },
  /** What was sent in an earlier poll, now or as it was. */
  REPLAYED {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      if (poll.past().isEmpty()) {
        return Optional.empty();
      }
      Sent old = pick(poll.past(), random);
      return random.nextBoolean() ? Optional.of(old) : poll.sent(old.records());
    }
  },
  /** The right entries, said to begin elsewhere. */
  WRONG_FIRST_ENTRY {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      long next = poll.next();
      long first =
          switch (random.nextInt(6)) {
            case 0 -> next - 1;
            case 1 -> next + 1;
            case 2 -> 0;
            case 3 -> -next;
            case 4 -> Long.MAX_VALUE;
            default -> random.nextLong();
          };
      return first == next ? Optional.empty() : Optional.of(new Sent(poll.tail(), first));
    }
  },
  /** Of the boot before, or another node's. */
  OTHER_BOOT {
    @Override
    Optional<Sent> of(Poll poll, Random random) {
      if (poll.otherBoot().isEmpty()) {
        return Optional.empty();
      }
      List<ImaRecord> other = poll.otherBoot();
      return random.nextBoolean()
          ? Optional.of(new Sent(other, 0))
          : poll.sent(other.subList(Math.min(poll.bound(), other.size()), other.size()));
    }
  };

  /** Entries, and which of the list the first is said to be. */
  record Sent(List<ImaRecord> records, long first) {
    Sent {
      records = List.copyOf(records);
    }
  }

  /**
   * One poll.
   *
   * @param list honest, and covered by the quote
   * @param bound how many of its entries earlier quotes covered, at least one
   * @param next the entry that the verifier asks for, as agents count them
   * @param past what was sent before, since boot
   * @param otherBoot a whole list of another boot, or nothing
   */
  record Poll(
      List<ImaRecord> list, int bound, long next, List<Sent> past, List<ImaRecord> otherBoot) {
    List<ImaRecord> tail() {
      return list.subList(bound, list.size());
    }

    /** As the answer to what was asked for. */
    Optional<Sent> sent(List<ImaRecord> records) {
      return Optional.of(new Sent(records, next));
    }

    /**
     * Whether this is as good as the honest answer: PCR 10 knows no difference, and it may be
     * longer.
     */
    boolean isHonest(Sent sent) {
      List<ImaRecord> honest = sent.first() == 0 ? list : tail();
      return (sent.first() == 0 || sent.first() == next)
          && sent.records().size() >= honest.size()
          && seenByPcr(sent.records().subList(0, honest.size())).equals(seenByPcr(honest));
    }

    private static List<Bytes> seenByPcr(List<ImaRecord> records) {
      List<Bytes> seen = new ArrayList<>();
      for (ImaRecord one : records) {
        // Of a violation the PCR knows that it was one.
        String kind = one.isViolation() ? "violation" : one.template();
        seen.add(Bytes.concat(one.hash(), one.measured(HashAlg.SHA256)));
        seen.add(TestNode.bytes(one.pcr() + kind));
      }
      return seen;
    }
  }

  /** The forged answer, where this can be done here; it may be honest by chance. */
  abstract Optional<Sent> of(Poll poll, Random random);

  private static <T> T pick(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }
}
