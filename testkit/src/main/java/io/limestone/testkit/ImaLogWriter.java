package io.limestone.testkit;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;

/**
 * Writes the kernel's ASCII measurement list and extends PCR 10 with it, in every bank. The third
 * word of a line is SHA-1 of the template data; banks are extended with their own digest of it, as
 * Linux does since 5.8. Safe for use by several threads.
 */
public final class ImaLogWriter {
  private static final int PCR = 10;

  private final SoftwareTpm tpm;
  private final StringBuilder log = new StringBuilder();
  private int entries;

  public ImaLogWriter(SoftwareTpm tpm) {
    this.tpm = tpm;
  }

  /** The list from its start. */
  public synchronized String text() {
    return log.toString();
  }

  public synchronized int entries() {
    return entries;
  }

  /** The list from entry {@code first} (0-based) on, as an agent sends it. */
  public synchronized String textFrom(int first) {
    int at = 0;
    for (int i = 0; i < first; i++) {
      at = log.indexOf("\n", at) + 1;
    }
    return log.substring(at);
  }

  /** The list starts anew, as it does when the kernel does. */
  synchronized void clear() {
    log.setLength(0);
    entries = 0;
  }

  /** A file of this content, template {@code ima-ng} with SHA-256. */
  public ImaLogWriter file(String path, String content) {
    return ng(path, HashAlg.SHA256, digest(HashAlg.SHA256, content));
  }

  /** {@code ima-ng}: {@code d-ng} and {@code n-ng}. */
  public ImaLogWriter ng(String path, HashAlg alg, Bytes digest) {
    Bytes data = template(digestField(alg, digest), nameField(path));
    return entry("ima-ng", data, alg.keylimeName() + ":" + digest.hex() + " " + path);
  }

  /** {@code ima-sig}: {@code ima-ng} and a signature, which may be empty. */
  public ImaLogWriter sig(String path, HashAlg alg, Bytes digest, Bytes signature) {
    Bytes data = template(digestField(alg, digest), nameField(path), signature);
    String tail = " " + signature.hex(); // the kernel writes the blank also before nothing
    return entry("ima-sig", data, alg.keylimeName() + ":" + digest.hex() + " " + path + tail);
  }

  /** {@code ima-buf}: a buffer, such as a key put onto a keyring. */
  public ImaLogWriter buf(String name, HashAlg alg, Bytes buffer) {
    Bytes digest = alg.digest(buffer);
    Bytes data = template(digestField(alg, digest), nameField(name), buffer);
    return entry(
        "ima-buf", data, alg.keylimeName() + ":" + digest.hex() + " " + name + " " + buffer.hex());
  }

  /** The first entry of every list: SHA-256 over PCRs 0 to 9 of bank SHA-256. */
  public ImaLogWriter bootAggregate() {
    Bytes digest = tpm.pcrs(new io.limestone.tpm.PcrSelection(HashAlg.SHA256, 0x3ff)).digest();
    return ng("boot_aggregate", HashAlg.SHA256, digest);
  }

  /**
   * A violation (ToMToU, open writers): the line shows zeros, PCR 10 is extended with ones.
   *
   * @param path file that was written while measured
   */
  public synchronized ImaLogWriter violation(String path) {
    for (HashAlg bank : tpm.banks()) {
      byte[] ones = new byte[bank.size()];
      java.util.Arrays.fill(ones, (byte) 0xff);
      tpm.extend(bank, PCR, Bytes.of(ones));
    }
    return line("0".repeat(40), "ima-ng", "sha256:" + HashAlg.SHA256.zeros().hex() + " " + path);
  }

  /** A line that PCR 10 knows nothing of: forged. */
  public synchronized ImaLogWriter forged(String line) {
    log.append(line).append('\n');
    entries++;
    return this;
  }

  private synchronized ImaLogWriter entry(String template, Bytes data, String fields) {
    tpm.measure(PCR, data);
    return line(HashAlg.SHA1.digest(data).hex(), template, fields);
  }

  private ImaLogWriter line(String digest, String template, String fields) {
    log.append("10 ").append(digest).append(' ').append(template).append(' ').append(fields);
    log.append('\n');
    entries++;
    return this;
  }

  /** {@code d-ng}: algorithm, colon, zero byte, digest. */
  private static Bytes digestField(HashAlg alg, Bytes digest) {
    byte[] prefix = (alg.keylimeName() + ":\0").getBytes(StandardCharsets.US_ASCII);
    return Bytes.concat(Bytes.of(prefix), digest);
  }

  /** {@code n-ng}: the name and a zero byte. */
  private static Bytes nameField(String path) {
    return Bytes.of((path + "\0").getBytes(StandardCharsets.UTF_8));
  }

  /** Each field behind its 32-bit length, least significant byte first. */
  private static Bytes template(Bytes... fields) {
    ByteWriter out = ByteWriter.littleEndian();
    for (Bytes field : fields) {
      out.u32(field.size()).bytes(field);
    }
    return out.toBytes();
  }

  private static Bytes digest(HashAlg alg, String content) {
    return alg.digest(Bytes.of(content.getBytes(StandardCharsets.UTF_8)));
  }
}
