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
import java.util.Optional;
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

  /** Makes the {@code security.ima} signature of a file from the digest of its content. */
  public interface Signer {
    Bytes sign(HashAlg alg, Bytes digest);
  }

  /** A file's state; the kernel's {@code ima_iint_cache} and reader and writer counts. */
  private static final class Inode {
    Bytes content;
    Optional<String> template = Optional.empty();
    Optional<Signer> signer = Optional.empty();
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
  private HashAlg hash = HashAlg.SHA256;
  private boolean listsTwice;

  /** Not yet started. */
  public MeasuringKernel(SoftwareTpm tpm) {
    this.tpm = tpm;
  }

  /**
   * How the kernel was built and its command line.
   *
   * @param imaHash {@code ima_hash=}: what files and buffers are measured with; a bank of the TPM
   * @param disableTable {@code CONFIG_IMA_DISABLE_HTABLE}: the same entry is listed again
   */
  public void configure(HashAlg imaHash, boolean disableTable) {
    hash = imaHash;
    listsTwice = disableTable;
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
    HashAlg alg = digestOfTemplate(template);
    int pcrs = alg == HashAlg.SHA1 ? 0xff : 0x3ff;
    add(file(utf8("boot_aggregate"), tpm.pcrs(new PcrSelection(alg, pcrs)).digest(), template));
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

  /** A rule of the IMA policy with a template of its own for this file. */
  public void rule(String path, String itsTemplate) {
    inode(path).template = Optional.of(itsTemplate);
  }

  /** The file is signed, and stays so whatever it contains. */
  public void sign(String path, Signer signer) {
    inode(path).signer = Optional.of(signer);
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
      add(entryOf(path, file.content));
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
            ImaField.dNg(hash.keylimeName(), hash.digest(data)),
            ImaField.nNg(utf8(name)),
            ImaField.hex("buf", data)));
  }

  /** An entry of any kind, measured as any other. */
  public void add(ImaRecord record) {
    if (record.isViolation() || known.add(record.templateData()) || listsTwice) {
      for (HashAlg bank : tpm.banks()) {
        tpm.extend(bank, PCR, record.measured(bank));
      }
      list.add(record);
    }
  }

  /** What this kernel lists for a file of that content. */
  public ImaRecord entryOf(String path, String content) {
    return entryOf(path, utf8(content));
  }

  private ImaRecord entryOf(String path, Bytes content) {
    String its = inode(path).template.orElse(template);
    return file(utf8(path), digestOfTemplate(its).digest(content), its);
  }

  private void violation(String path) {
    String its = inode(path).template.orElse(template);
    add(file(utf8(path), digestOfTemplate(its).zeros(), its).withHash(LOG.zeros()));
  }

  /** The old template has room for SHA-1 only, whatever {@code ima_hash=} says. */
  private HashAlg digestOfTemplate(String its) {
    return its.equals("ima") ? HashAlg.SHA1 : hash;
  }

  private ImaRecord file(Bytes path, Bytes digest, String its) {
    ImaField alg = ImaField.dNg(hash.keylimeName(), digest);
    ImaField typed = ImaField.dNgV2("ima", hash.keylimeName(), digest);
    ImaField name = ImaField.nNg(path);
    Optional<Inode> inode =
        Optional.ofNullable(files.get(new String(path.toArray(), StandardCharsets.UTF_8)));
    ImaField sig =
        ImaField.hex("sig", inode.map(one -> signature(one, digest)).orElse(Bytes.EMPTY));
    return switch (its) {
      case "ima" -> ImaRecord.of(LOG, its, ImaField.d(digest), ImaField.n(path));
      case "ima-ng" -> ImaRecord.of(LOG, its, alg, name);
      case "ima-sig" -> ImaRecord.of(LOG, its, alg, name, sig);
      case "ima-ngv2" -> ImaRecord.of(LOG, its, typed, name);
      case "ima-sigv2" -> ImaRecord.of(LOG, its, typed, name, sig);
      case "ima-modsig" ->
          ImaRecord.of(
              LOG, its, alg, name, sig, ImaField.none("d-modsig"), ImaField.none("modsig"));
      case "evm-sig" -> inode.isPresent() ? withAttributes(alg, name) : withoutFile(alg, name);
      default -> throw new IllegalArgumentException(its);
    };
  }

  private static ImaRecord withAttributes(ImaField digest, ImaField name) {
    return ImaRecord.of(
        LOG,
        "evm-sig",
        digest,
        name,
        ImaField.none("evmsig"),
        ImaField.xattrNames("security.ima"),
        ImaField.hex("xattrlengths", Bytes.ofHex("01000000")),
        ImaField.hex("xattrvalues", Bytes.ofHex("04")),
        ImaField.number("iuid", 1000),
        ImaField.number("igid", 100),
        ImaField.number("imode", 0100755));
  }

  private static ImaRecord withoutFile(ImaField digest, ImaField name) {
    return ImaRecord.of(
        LOG,
        "evm-sig",
        digest,
        name,
        ImaField.none("evmsig"),
        ImaField.none("xattrnames"),
        ImaField.none("xattrlengths"),
        ImaField.none("xattrvalues"),
        ImaField.none("iuid"),
        ImaField.none("igid"),
        ImaField.none("imode"));
  }

  /** Some files are signed by a key that nobody knows. */
  private Bytes signature(Inode file, Bytes digest) {
    if (file.signer.isPresent()) {
      return file.signer.get().sign(hash, digest);
    }
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
