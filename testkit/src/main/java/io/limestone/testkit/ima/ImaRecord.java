package io.limestone.testkit.ima;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.util.Arrays;
import java.util.List;

/**
 * One entry of a measurement list, honest or not, in the forms that the kernel shows it in. Written
 * apart from the readers in {@code evidence}, after the kernel's {@code ima_fs.c} and {@code
 * ima_crypto.c}.
 *
 * @param hash of the template data in the list's own algorithm; zeros in a violation
 */
public record ImaRecord(int pcr, Bytes hash, String template, List<ImaField> fields) {
  public ImaRecord {
    fields = List.copyOf(fields);
  }

  /** An entry as the kernel makes it. */
  public static ImaRecord of(HashAlg log, String template, ImaField... fields) {
    ImaRecord unhashed = new ImaRecord(10, Bytes.EMPTY, template, List.of(fields));
    return unhashed.withHash(log.digest(unhashed.templateData()));
  }

  /** A violation: the digest and the template hash are zeros. */
  public static ImaRecord violation(HashAlg log, String template, ImaField... fields) {
    return new ImaRecord(10, log.zeros(), template, List.of(fields));
  }

  public ImaRecord withHash(Bytes other) {
    return new ImaRecord(pcr, other, template, fields);
  }

  public ImaRecord withPcr(int other) {
    return new ImaRecord(other, hash, template, fields);
  }

  public ImaRecord withTemplate(String other) {
    return new ImaRecord(pcr, hash, other, fields);
  }

  public ImaRecord withField(int index, ImaField other) {
    ImaField[] changed = fields.toArray(ImaField[]::new);
    changed[index] = other;
    return new ImaRecord(pcr, hash, template, Arrays.asList(changed));
  }

  public boolean isViolation() {
    return hash.isAll(0);
  }

  /** The bytes that are hashed. */
  public Bytes templateData() {
    ByteWriter out = ByteWriter.littleEndian();
    if (template.equals("ima")) {
      byte[] name = fields.get(1).data().toArray();
      return out.bytes(fields.get(0).data()).bytes(Bytes.of(Arrays.copyOf(name, 256))).toBytes();
    }
    for (ImaField field : fields) {
      out.u32(field.data().size()).bytes(field.data());
    }
    return out.toBytes();
  }

  /** What a PCR of this bank is extended with. */
  public Bytes measured(HashAlg bank) {
    byte[] ones = new byte[bank.size()];
    Arrays.fill(ones, (byte) 0xff);
    return isViolation() ? Bytes.of(ones) : bank.digest(templateData());
  }

  /** The line, with its line feed. */
  public Bytes ascii() {
    Bytes line = ImaField.ascii("%2d %s %s".formatted(pcr, hash.hex(), template));
    for (ImaField field : fields) {
      line = Bytes.concat(line, ImaField.ascii(" "), field.shown());
    }
    return Bytes.concat(line, ImaField.ascii("\n"));
  }

  /** The binary entry. */
  public Bytes binary() {
    Bytes name = ImaField.ascii(template);
    ByteWriter out = ByteWriter.littleEndian().u32(pcr).bytes(hash).u32(name.size()).bytes(name);
    if (template.equals("ima")) {
      Bytes path = fields.get(1).data();
      return out.bytes(fields.get(0).data())
          .u32(path.size() - 1)
          .bytes(path.slice(0, path.size() - 1))
          .toBytes();
    }
    Bytes data = templateData();
    return out.u32(data.size()).bytes(data).toBytes();
  }

  /** A list in the ASCII form. */
  public static Bytes ascii(List<ImaRecord> list) {
    return Bytes.concat(list.stream().map(ImaRecord::ascii).toArray(Bytes[]::new));
  }

  /** A list in the binary form. */
  public static Bytes binary(List<ImaRecord> list) {
    return Bytes.concat(list.stream().map(ImaRecord::binary).toArray(Bytes[]::new));
  }
}
