package io.limestone.testkit.ima;

import io.limestone.testkit.SoftwareTpm;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How Linux measures, after {@code ima_main.c}, {@code ima_queue.c} and {@code ima_kexec.c}: files
 * are measured when they are opened for reading and were not since they were last written to; one
 * entry is listed once; a writer among readers gives a ToMToU violation, a reader among writers an
 * open-writers violation; kexec takes the list over and forgets what it had measured. Every entry
 * extends PCR 10 in every bank of the TPM.
 */
public final class MeasuringKernel {
  private static final int PCR = 10;
  private static final HashAlg LOG = HashAlg.SHA1;

  /** A file's state; the kernel's {@code ima_iint_cache} and reader and writer counts. */
  private static final class Inode {
    Bytes content;
    boolean measured;
    int readers;
    int writers;
    boolean mayEmitTomtou;
    boolean emittedOpenWriters;

    Inode(Bytes content) {
      this.content = content;
    }
  }

  private final SoftwareTpm tpm;
  private final List<ImaRecord> list = new ArrayList<>();
  private final Set<Bytes> known = new HashSet<>();
  private final Map<String, Inode> files = new HashMap<>();
  private String template = "ima-ng";

  /** Not yet started. */
  public MeasuringKernel(SoftwareTpm tpm) {
    this.tpm = tpm;
  }

  /** Power on: the TPM is reset, firmware measures, and the list begins. */
  public void boot(String firmware, String template) {
    tpm.reboot();
    for (int pcr = 0; pcr < 10; pcr++) {
      tpm.measure(pcr, utf8(firmware + pcr));
    }
    list.clear();
    start(template);
  }

  /** Another kernel is started by this one and takes the list over; the TPM notices nothing. */
  public void kexec(String template) {
    start(template);
  }

  private void start(String withTemplate) {
    template = withTemplate;
    known.clear();
    files.values().forEach(MeasuringKernel::forget);
    Bytes aggregate = tpm.pcrs(new PcrSelection(HashAlg.SHA256, 0x3ff)).digest();
    if (template.equals("ima")) { // too short for SHA-256
      aggregate = tpm.pcrs(new PcrSelection(HashAlg.SHA1, 0xff)).digest();
    }
    add(file(utf8("boot_aggregate"), aggregate));
  }

  private static void forget(Inode file) {
    file.measured = false;
    file.readers = 0;
    file.writers = 0;
    file.mayEmitTomtou = false;
    file.emittedOpenWriters = false;
  }

  public List<ImaRecord> list() {
    return List.copyOf(list);
  }

  /** A file with some content. */
  public void create(String path, String content) {
    files.put(path, new Inode(utf8(content)));
  }

  /** Opens for reading, as also running a program does. To be {@link #closeRead closed}. */
  public void openRead(String path) {
    Inode file = inode(path);
    file.mayEmitTomtou = true;
    if (file.writers > 0 && !file.emittedOpenWriters) {
      file.emittedOpenWriters = true;
      violation(path);
    }
    file.readers++;
    if (!file.measured) {
      file.measured = true;
      add(file(utf8(path), digestOf(file.content)));
    }
  }

  public void closeRead(String path) {
    inode(path).readers--;
  }

  public void openWrite(String path) {
    Inode file = inode(path);
    if (file.readers > 0 && file.mayEmitTomtou) {
      file.mayEmitTomtou = false;
      violation(path);
    }
    file.writers++;
  }

  /** The last writer's close makes the file one to be measured again. */
  public void closeWrite(String path, String content) {
    Inode file = inode(path);
    file.content = utf8(content);
    if (--file.writers == 0) {
      file.emittedOpenWriters = false;
      file.measured = false;
    }
  }

  public boolean isReading(String path) {
    return inode(path).readers > 0;
  }

  public boolean isWriting(String path) {
    return inode(path).writers > 0;
  }

  /** A key put onto a keyring, or other data that is measured as it is. */
  public void buffer(String name, Bytes data) {
    add(
        ImaRecord.of(
            LOG,
            "ima-buf",
            ImaField.dNg("sha256", HashAlg.SHA256.digest(data)),
            ImaField.nNg(utf8(name)),
            ImaField.hex("buf", data)));
  }

  /** An entry of any kind, measured as any other. */
  public void add(ImaRecord record) {
    if (record.isViolation() || known.add(record.templateData())) {
      for (HashAlg bank : tpm.banks()) {
        tpm.extend(bank, PCR, record.measured(bank));
      }
      list.add(record);
    }
  }

  /** What this kernel lists for a file of that content. */
  public ImaRecord entryOf(String path, String content) {
    return file(utf8(path), digestOf(utf8(content)));
  }

  private void violation(String path) {
    Bytes digest = template.equals("ima") ? HashAlg.SHA1.zeros() : HashAlg.SHA256.zeros();
    ImaRecord shape = file(utf8(path), digest);
    add(shape.withHash(LOG.zeros()));
  }

  private Bytes digestOf(Bytes content) {
    return (template.equals("ima") ? HashAlg.SHA1 : HashAlg.SHA256).digest(content);
  }

  private ImaRecord file(Bytes path, Bytes digest) {
    ImaField alg = ImaField.dNg("sha256", digest);
    ImaField typed = ImaField.dNgV2("ima", "sha256", digest);
    ImaField name = ImaField.nNg(path);
    ImaField sig = ImaField.hex("sig", signature(digest));
    return switch (template) {
      case "ima" -> ImaRecord.of(LOG, template, ImaField.d(digest), ImaField.n(path));
      case "ima-ng" -> ImaRecord.of(LOG, template, alg, name);
      case "ima-sig" -> ImaRecord.of(LOG, template, alg, name, sig);
      case "ima-ngv2" -> ImaRecord.of(LOG, template, typed, name);
      case "ima-sigv2" -> ImaRecord.of(LOG, template, typed, name, sig);
      case "ima-modsig" ->
          ImaRecord.of(
              LOG, template, alg, name, sig, ImaField.none("d-modsig"), ImaField.none("modsig"));
      case "evm-sig" ->
          ImaRecord.of(
              LOG,
              template,
              alg,
              name,
              ImaField.none("evmsig"),
              ImaField.xattrNames("security.ima"),
              ImaField.hex("xattrlengths", Bytes.ofHex("01000000")),
              ImaField.hex("xattrvalues", Bytes.ofHex("04")),
              ImaField.number("iuid", 1000),
              ImaField.number("igid", 100),
              ImaField.number("imode", 0100755));
      default -> throw new IllegalArgumentException(template);
    };
  }

  /** Some files are signed, by a key that nobody knows. */
  private static Bytes signature(Bytes digest) {
    return digest.toArray()[0] % 2 == 0
        ? Bytes.EMPTY
        : Bytes.concat(Bytes.ofHex("030204000000010008"), digest.slice(0, 8));
  }

  private Inode inode(String path) {
    Inode file = files.get(path);
    if (file == null) {
      throw new IllegalArgumentException("no file " + path);
    }
    return file;
  }

  private static Bytes utf8(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
