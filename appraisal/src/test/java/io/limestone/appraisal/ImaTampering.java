package io.limestone.appraisal;

import io.limestone.testkit.ima.ImaField;
import io.limestone.testkit.ima.ImaRecord;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What whoever can alter a list may do to it (threats 17 to 23). Some leave some lists as they are.
 * Nothing is added behind the last entry: what no quote covers is judged, and bound by a later one.
 */
enum ImaTampering {
  TRUNCATE {
    @Override
    List<ImaRecord> of(List<ImaRecord> list, Random random) {
      return list.subList(0, random.nextInt(list.size()));
    }
  },
  GAP {
    @Override
    List<ImaRecord> of(List<ImaRecord> list, Random random) {
      List<ImaRecord> forged = new ArrayList<>(list);
      forged.remove(random.nextInt(list.size()));
      return forged;
    }
  },
  REORDER {
    @Override
    List<ImaRecord> of(List<ImaRecord> list, Random random) {
      List<ImaRecord> forged = new ArrayList<>(list);
      int one = random.nextInt(list.size());
      int other = random.nextInt(list.size());
      if (list.get(one).isViolation() && list.get(other).isViolation()) {
        return list; // the PCR knows of two violations, not of which
      }
      forged.set(one, list.get(other));
      forged.set(other, list.get(one));
      return forged;
    }
  },
  DUPLICATE {
    @Override
    List<ImaRecord> of(List<ImaRecord> list, Random random) {
      List<ImaRecord> forged = new ArrayList<>(list);
      ImaRecord twice = list.get(random.nextInt(list.size()));
      if (!twice.isViolation()) { // of those the PCR knows the number only
        forged.add(random.nextInt(list.size()), twice);
      }
      return forged;
    }
  },
  INSERT {
    @Override
    List<ImaRecord> of(List<ImaRecord> list, Random random) {
      List<ImaRecord> forged = new ArrayList<>(list);
      forged.add(
          random.nextInt(list.size()),
          ImaRecord.of(
              HashAlg.SHA1,
              "ima-ng",
              ImaField.dNg("sha256", HashAlg.SHA256.digest(TestNode.bytes("x"))),
              ImaField.nNg(TestNode.bytes("/x"))));
      return forged;
    }
  },
  HIDE_BEHIND_ONES {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      byte[] ones = new byte[record.hash().size()];
      Arrays.fill(ones, (byte) 0xff);
      return record.withHash(Bytes.of(ones));
    }
  },
  HIDE_BEHIND_ZEROS {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      return record.withHash(HashAlg.SHA1.zeros());
    }
  },
  VIOLATION_AS_ENTRY {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      return record.isViolation() ? rehashed(record) : record;
    }
  },
  OTHER_NAME {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      return record.isViolation()
          ? record
          : perhapsRehashed(
              record.withField(1, ImaField.nNg(TestNode.bytes("/bin/other"))), random);
    }
  },
  OTHER_DIGEST {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      ImaField digest = record.fields().getFirst();
      byte[] data = digest.data().toArray();
      data[data.length - 1 - random.nextInt(20)] ^= 1;
      return record.isViolation()
          ? record
          : perhapsRehashed(record.withField(0, new ImaField(digest.id(), Bytes.of(data))), random);
    }
  },
  OTHER_LAST_FIELD {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      int last = record.fields().size() - 1;
      ImaField field = record.fields().get(last);
      if (record.isViolation() || last < 2 || field.data().isEmpty()) {
        return record;
      }
      byte[] data = field.data().toArray();
      data[0] ^= 1;
      return perhapsRehashed(
          record.withField(last, new ImaField(field.id(), Bytes.of(data))), random);
    }
  },
  OTHER_TEMPLATE {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      // Hashed alike are those of three fields, the third a signature or a buffer.
      String other =
          switch (record.template()) {
            case "ima-sig" -> "ima-buf";
            case "ima-buf" -> "ima-sig";
            default -> ImaWorld.TEMPLATES.get(random.nextInt(ImaWorld.TEMPLATES.size()));
          };
      return record.isViolation() || other.equals(record.template())
          ? record
          : perhapsRehashed(record.withTemplate(other), random);
    }
  },
  OTHER_PCR {
    @Override
    ImaRecord of(ImaRecord record, Random random) {
      return record.withPcr(11);
    }
  },
  OTHER_BOOT_AGGREGATE {
    @Override
    List<ImaRecord> of(List<ImaRecord> list, Random random) {
      List<ImaRecord> forged = new ArrayList<>(list);
      forged.set(0, OTHER_DIGEST.of(list.getFirst(), random));
      return forged;
    }
  };

  /** The list after this has been done to it. */
  List<ImaRecord> of(List<ImaRecord> list, Random random) {
    List<ImaRecord> forged = new ArrayList<>(list);
    int at = random.nextInt(list.size());
    forged.set(at, of(list.get(at), random));
    return forged;
  }

  ImaRecord of(ImaRecord record, Random random) {
    throw new IllegalStateException(this + " is done to a list");
  }

  private static ImaRecord perhapsRehashed(ImaRecord record, Random random) {
    return random.nextBoolean() ? record : rehashed(record);
  }

  private static ImaRecord rehashed(ImaRecord record) {
    return record.withHash(HashAlg.SHA1.digest(record.templateData()));
  }
}
