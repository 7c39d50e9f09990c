package io.limestone.tss;

import static io.limestone.tss.Marshal.check;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.ByteReader;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Secret;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A TPM, command by command; names, parameters and wire forms are those of the TPM 2.0 Library
 * specification, part 3. One command runs at a time, whichever thread asks. Everything that a
 * command loads is an {@link AutoCloseable}; a command that fails leaves nothing loaded.
 */
public final class Tpm implements AutoCloseable {
  private static final int NONE = 0xfff;
  private static final int PASSWORD = 0xff;
  private static final int CAP_HANDLES = 1;
  private static final int FIRST_LOADED_SESSION = 0x02000000;
  private static final int FIRST_TRANSIENT = 0x80000000;
  private static final byte SE_POLICY = 1;
  private static final byte CONTINUE_SESSION = 1;
  private static final int NV_CHUNK = 512;
  private static final int NV_MAX = 65_535;

  private final MemorySegment tcti;
  private final MemorySegment context;
  private final Set<Integer> loaded = new HashSet<>();
  private boolean closed;

  private Tpm(MemorySegment tcti, MemorySegment context) {
    this.tcti = tcti;
    this.context = context;
  }

  /**
   * Connects to a TPM.
   *
   * @param tcti as the TCTI loader takes it: {@code device:/dev/tpmrm0}, {@code
   *     swtpm:host=127.0.0.1,port=2321}, {@code tabrmd:…}
   */
  public static Tpm open(String tcti) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pointer = arena.allocate(ADDRESS);
      int code = Libtss2.call("Tss2_TctiLdr_Initialize", "pp", arena.allocateFrom(tcti), pointer);
      check("TPM at " + Encoding.printable(tcti, 200), code);
      MemorySegment loader = pointer.get(ADDRESS, 0);
      MemorySegment esys = arena.allocate(ADDRESS);
      code = Libtss2.call("Esys_Initialize", "ppp", esys, loader, MemorySegment.NULL);
      if (code != 0) {
        pointer.set(ADDRESS, 0, loader);
        Libtss2.callVoid("Tss2_TctiLdr_Finalize", pointer);
        throw new TpmException("Esys_Initialize", code);
      }
      return new Tpm(loader, esys.get(ADDRESS, 0));
    }
  }

  /** Sets the authorization value of a hierarchy for the commands that follow. */
  public synchronized void authorize(Hierarchy hierarchy, Secret auth) throws TpmException {
    setAuth(hierarchy.esysHandle, auth);
  }

  /** Sets the authorization value of a key for the commands that follow. */
  public synchronized void authorize(TpmObject object, Secret auth) throws TpmException {
    setAuth(object.esysHandle(), auth);
  }

  private void setAuth(int handle, Secret auth) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      byte[] value = auth.reveal();
      byte[] wire = new byte[value.length + 2];
      wire[0] = (byte) (value.length >>> 8);
      wire[1] = (byte) value.length;
      System.arraycopy(value, 0, wire, 2, value.length);
      MemorySegment structure = Marshal.toC(arena, "TPM2B_AUTH", wire);
      run("Esys_TR_SetAuth", "ip", handle, structure);
      structure.fill((byte) 0);
      Encoding.wipe(value);
      Encoding.wipe(wire);
    }
  }

  /** TPM2_CreatePrimary without sensitive data. */
  public synchronized TpmObject createPrimary(Hierarchy hierarchy, Bytes template)
      throws TpmException {
    return withRoom(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(JAVA_INT);
            MemorySegment[] out = pointers(arena, 4);
            run(
                "Esys_CreatePrimary",
                "iiiippppppppp",
                hierarchy.esysHandle,
                PASSWORD,
                NONE,
                NONE,
                Marshal.toC(arena, "TPM2B_SENSITIVE_CREATE", EMPTY_SENSITIVE),
                Marshal.toC(arena, "TPM2B_PUBLIC", template),
                Marshal.toC(arena, "TPM2B_DATA", NOTHING),
                Marshal.toC(arena, "TPML_PCR_SELECTION", NO_PCRS),
                handle,
                out[0],
                out[1],
                out[2],
                out[3]);
            int object = keep(handle);
            freeAll(out[1], out[2], out[3]);
            return new TpmObject(this, object, false, Marshal.take(arena, "TPM2B_PUBLIC", out[0]));
          }
        });
  }

  private static final Bytes NOTHING = Tcg.u16(0);
  private static final Bytes NO_PCRS = ByteWriter.bigEndian().u32(0).toBytes();
  private static final Bytes EMPTY_SENSITIVE =
      ByteWriter.bigEndian().u16(4).u16(0).u16(0).toBytes();

  /** The key at a persistent handle (0x81…). */
  public synchronized TpmObject persistent(int handle) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      int object = fromHandle(arena, handle);
      return new TpmObject(this, object, true, readPublic(arena, object));
    }
  }

  /** TPM2_Create: a child of {@code parent} with an empty authorization value. */
  public synchronized KeyBlob create(TpmObject parent, PolicySession session, Bytes template)
      throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] out = pointers(arena, 5);
      run(
          "Esys_Create",
          "iiiippppppppp",
          parent.esysHandle(),
          session.esysHandle(),
          NONE,
          NONE,
          Marshal.toC(arena, "TPM2B_SENSITIVE_CREATE", EMPTY_SENSITIVE),
          Marshal.toC(arena, "TPM2B_PUBLIC", template),
          Marshal.toC(arena, "TPM2B_DATA", NOTHING),
          Marshal.toC(arena, "TPML_PCR_SELECTION", NO_PCRS),
          out[0],
          out[1],
          out[2],
          out[3],
          out[4]);
      freeAll(out[2], out[3], out[4]);
      Bytes privateArea = Marshal.take(arena, "TPM2B_PRIVATE", out[0]);
      return new KeyBlob(Marshal.take(arena, "TPM2B_PUBLIC", out[1]), privateArea);
    }
  }

  /** TPM2_Load. */
  public synchronized TpmObject load(TpmObject parent, PolicySession session, KeyBlob key)
      throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_INT);
      run(
          "Esys_Load",
          "iiiippp",
          parent.esysHandle(),
          session.esysHandle(),
          NONE,
          NONE,
          Marshal.toC(arena, "TPM2B_PRIVATE", key.privateArea()),
          Marshal.toC(arena, "TPM2B_PUBLIC", key.publicArea()),
          handle);
      return new TpmObject(this, keep(handle), false, key.publicArea());
    }
  }

  /** TPM2_StartAuthSession for a policy, unbound and unsalted. */
  public synchronized PolicySession startPolicySession(HashAlg hash) throws TpmException {
    return withRoom(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(JAVA_INT);
            run(
                "Esys_StartAuthSession",
                "iiiiipbpsp",
                NONE,
                NONE,
                NONE,
                NONE,
                NONE,
                MemorySegment.NULL,
                SE_POLICY,
                Marshal.toC(arena, "TPMT_SYM_DEF", Tcg.u16(Tcg.ALG_NULL)),
                (short) hash.id(),
                handle);
            PolicySession session = new PolicySession(this, keep(handle));
            try {
              // Kept by the TPM until it is flushed, so that close() is right after every outcome.
              run(
                  "Esys_TRSess_SetAttributes",
                  "ibb",
                  session.esysHandle(),
                  CONTINUE_SESSION,
                  CONTINUE_SESSION);
            } catch (TpmException e) {
              session.close();
              throw e;
            }
            return session;
          }
        });
  }

  /** TPM2_PolicySecret with the hierarchy's own authorization value. */
  public synchronized void policySecret(PolicySession session, Hierarchy hierarchy)
      throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] out = pointers(arena, 2);
      MemorySegment none = Marshal.toC(arena, "TPM2B_NONCE", NOTHING);
      run(
          "Esys_PolicySecret",
          "iiiiipppipp",
          hierarchy.esysHandle,
          session.esysHandle(),
          PASSWORD,
          NONE,
          NONE,
          none,
          none,
          none,
          0,
          out[0],
          out[1]);
      freeAll(out);
    }
  }

  /** TPM2_PolicyOR. */
  public synchronized void policyOr(PolicySession session, List<Bytes> branches)
      throws TpmException {
    ByteWriter list = ByteWriter.bigEndian().u32(branches.size());
    branches.forEach(list::sized16);
    try (Arena arena = Arena.ofConfined()) {
      run(
          "Esys_PolicyOR",
          "iiiip",
          session.esysHandle(),
          NONE,
          NONE,
          NONE,
          Marshal.toC(arena, "TPML_DIGEST", list.toBytes()));
    }
  }

  /**
   * TPM2_ActivateCredential.
   *
   * @param idObject TPMS_ID_OBJECT
   * @param encryptedSecret the encrypted seed
   * @throws TpmException also if the credential was made for another object or another TPM
   */
  public synchronized Secret activateCredential(
      TpmObject object, TpmObject ek, PolicySession session, Bytes idObject, Bytes encryptedSecret)
      throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] out = pointers(arena, 1);
      run(
          "Esys_ActivateCredential",
          "iiiiippp",
          object.esysHandle(),
          ek.esysHandle(),
          PASSWORD,
          session.esysHandle(),
          NONE,
          Marshal.toC(arena, "TPM2B_ID_OBJECT", Tcg.tpm2b(idObject)),
          Marshal.toC(arena, "TPM2B_ENCRYPTED_SECRET", Tcg.tpm2b(encryptedSecret)),
          out[0]);
      byte[] wire = Marshal.takeArray(arena, "TPM2B_DIGEST", out[0]);
      byte[] value = ByteReader.bigEndian(wire).sized16("certInfo");
      Secret secret = Secret.of(value);
      Encoding.wipe(wire);
      Encoding.wipe(value);
      return secret;
    }
  }

  /** TPM2_Quote with the key's own scheme. */
  public synchronized SignedAttestation quote(
      TpmObject key, Bytes qualifyingData, PcrSelection selection) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] out = pointers(arena, 2);
      run(
          "Esys_Quote",
          "iiiippppp",
          key.esysHandle(),
          PASSWORD,
          NONE,
          NONE,
          Marshal.toC(arena, "TPM2B_DATA", Tcg.tpm2b(qualifyingData)),
          Marshal.toC(arena, "TPMT_SIG_SCHEME", NULL_SCHEME),
          Marshal.toC(arena, "TPML_PCR_SELECTION", wire(selection)),
          out[0],
          out[1]);
      return signed(arena, out);
    }
  }

  private static final Bytes NULL_SCHEME = Tcg.u16(Tcg.ALG_NULL);

  /** TPM2_Certify: {@code signer} says that {@code object} lives in the same TPM. */
  public synchronized SignedAttestation certify(
      TpmObject object, TpmObject signer, Bytes qualifyingData) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] out = pointers(arena, 2);
      run(
          "Esys_Certify",
          "iiiiipppp",
          object.esysHandle(),
          signer.esysHandle(),
          PASSWORD,
          PASSWORD,
          NONE,
          Marshal.toC(arena, "TPM2B_DATA", Tcg.tpm2b(qualifyingData)),
          Marshal.toC(arena, "TPMT_SIG_SCHEME", NULL_SCHEME),
          out[0],
          out[1]);
      return signed(arena, out);
    }
  }

  private static SignedAttestation signed(Arena arena, MemorySegment[] out) throws TpmException {
    Bytes signature = Marshal.take(arena, "TPMT_SIGNATURE", out[1]);
    Bytes attest = Marshal.take(arena, "TPM2B_ATTEST", out[0]);
    return new SignedAttestation(Bytes.of(attest.bigEndian().sized16("TPM2B_ATTEST")), signature);
  }

  /**
   * TPM2_PCR_Read, as often as it takes to read all of {@code selection} (the TPM gives at most
   * eight at once).
   *
   * @throws TpmException also if the TPM does not have the bank
   */
  public synchronized PcrValues readPcrs(PcrSelection selection) throws TpmException {
    SortedMap<Integer, Bytes> values = new TreeMap<>();
    int missing = selection.mask();
    while (missing != 0) {
      int read = readSome(new PcrSelection(selection.bank(), missing), values);
      if ((read & missing) == 0) {
        throw new TpmException(
            "the TPM has no " + selection.bank().keylimeName() + " bank for these PCRs", 0x184);
      }
      missing &= ~read;
    }
    return new PcrValues(selection.bank(), values);
  }

  private int readSome(PcrSelection selection, SortedMap<Integer, Bytes> values)
      throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment counter = arena.allocate(JAVA_INT);
      MemorySegment[] out = pointers(arena, 2);
      run(
          "Esys_PCR_Read",
          "iiipppp",
          NONE,
          NONE,
          NONE,
          Marshal.toC(arena, "TPML_PCR_SELECTION", wire(selection)),
          counter,
          out[0],
          out[1]);
      ByteReader digests = Marshal.take(arena, "TPML_DIGEST", out[1]).bigEndian();
      ByteReader selected = Marshal.take(arena, "TPML_PCR_SELECTION", out[0]).bigEndian();
      int mask = 0;
      for (int banks = selected.bounded("PCR banks", 16); banks > 0; banks--) {
        selected.u16("bank");
        byte[] bits = selected.bytes(selected.u8("sizeofSelect"), "pcrSelect");
        for (int i = 0; i < bits.length && i < 3; i++) {
          mask |= (bits[i] & 0xff) << (8 * i);
        }
      }
      int count = digests.bounded("PCR values", 8);
      int pcr = 0;
      for (int i = 0; i < count; i++, pcr++) {
        while ((mask >>> pcr & 1) == 0) {
          pcr++;
        }
        values.put(pcr, Bytes.of(digests.sized16("PCR value")));
      }
      return mask;
    }
  }

  /** TPM2_PCR_Reset; the TPM allows it for PCR 16 and 23 only. */
  public synchronized void resetPcr(int pcr) throws TpmException {
    run("Esys_PCR_Reset", "iiii", pcr, PASSWORD, NONE, NONE);
  }

  /** TPM2_PCR_Extend of one bank. */
  public synchronized void extendPcr(int pcr, HashAlg bank, Bytes digest) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      Bytes values = ByteWriter.bigEndian().u32(1).u16(bank.id()).bytes(digest).toBytes();
      run(
          "Esys_PCR_Extend",
          "iiiip",
          pcr,
          PASSWORD,
          NONE,
          NONE,
          Marshal.toC(arena, "TPML_DIGEST_VALUES", values));
    }
  }

  /** The whole content of an NV index, or nothing if the TPM does not have it. */
  public synchronized Optional<Bytes> readNv(int index) throws TpmException {
    int nv;
    try (Arena arena = Arena.ofConfined()) {
      nv = fromHandle(arena, index);
    } catch (TpmException e) {
      if (e.isNoSuchHandle()) {
        return Optional.empty();
      }
      throw e;
    }
    try {
      int size = nvSize(nv);
      try {
        return Optional.of(readNv(nv, nv, size));
      } catch (TpmException refused) {
        // EK certificates are readable with the index's own empty authorization; some vendors
        // allow the owner only.
        return Optional.of(readNv(Hierarchy.OWNER.esysHandle, nv, size));
      }
    } finally {
      release(nv, true);
    }
  }

  private int nvSize(int nv) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] out = pointers(arena, 2);
      run("Esys_NV_ReadPublic", "iiiipp", nv, NONE, NONE, NONE, out[0], out[1]);
      freeAll(out[1]);
      ByteReader reader = Marshal.take(arena, "TPM2B_NV_PUBLIC", out[0]).bigEndian();
      reader.skip(2 + 4 + 2 + 4, "size, nvIndex, nameAlg, attributes");
      reader.sized16("authPolicy");
      return reader.u16("dataSize");
    }
  }

  private Bytes readNv(int auth, int nv, int size) throws TpmException {
    ByteArrayOutputStream all = new ByteArrayOutputStream(Math.min(size, NV_MAX));
    while (all.size() < size) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment[] out = pointers(arena, 1);
        run(
            "Esys_NV_Read",
            "iiiiissp",
            auth,
            nv,
            PASSWORD,
            NONE,
            NONE,
            (short) Math.min(NV_CHUNK, size - all.size()),
            (short) all.size(),
            out[0]);
        ByteReader chunk = Marshal.take(arena, "TPM2B_MAX_NV_BUFFER", out[0]).bigEndian();
        byte[] bytes = chunk.sized16("NV data");
        if (bytes.length == 0) {
          throw new TpmException("Esys_NV_Read gave nothing", 0x146);
        }
        all.writeBytes(bytes);
      }
    }
    return Bytes.of(all.toByteArray());
  }

  /** The handles of one kind that are in use, from {@code first} on (TPM2_GetCapability). */
  private List<Integer> handles(int first) throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment more = arena.allocate(1);
      MemorySegment[] out = pointers(arena, 1);
      run("Esys_GetCapability", "iiiiiipp", NONE, NONE, NONE, CAP_HANDLES, first, 64, more, out[0]);
      ByteReader data = Marshal.take(arena, "TPMS_CAPABILITY_DATA", out[0]).bigEndian();
      data.skip(4, "capability");
      int count = data.bounded("handles", 254);
      List<Integer> handles = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        handles.add((int) data.u32("handle"));
      }
      return handles;
    }
  }

  /** The NV indices from {@code first} to {@code last} that exist, ascending. */
  public synchronized List<Integer> nvIndices(int first, int last) throws TpmException {
    return handles(first).stream().filter(index -> index <= last).toList();
  }

  /** How many objects and sessions are loaded that are visible through this connection. */
  public synchronized int loadedHandles() throws TpmException {
    return handles(FIRST_TRANSIENT).size() + handles(FIRST_LOADED_SESSION).size();
  }

  /**
   * Flushes loaded objects and sessions that are not of this connection. Without a resource manager
   * a TPM has one user at a time, so they are of a predecessor that was killed; a resource manager
   * shows nobody else's.
   */
  private void flushLeftovers() throws TpmException {
    try (Arena arena = Arena.ofConfined()) {
      Set<Integer> ours = new HashSet<>();
      for (int object : loaded) {
        MemorySegment handle = arena.allocate(JAVA_INT);
        run("Esys_TR_GetTpmHandle", "ip", object, handle);
        ours.add(handle.get(JAVA_INT, 0));
      }
      for (int first : new int[] {FIRST_TRANSIENT, FIRST_LOADED_SESSION}) {
        for (int handle : handles(first)) {
          if (!ours.contains(handle)) {
            run("Esys_FlushContext", "i", fromHandle(arena, handle));
          }
        }
      }
    }
  }

  private interface Command<T> {
    T run() throws TpmException;
  }

  /** Runs a command that loads something, a second time if it first needs room. */
  private <T> T withRoom(Command<T> command) throws TpmException {
    try {
      return command.run();
    } catch (TpmException e) {
      if (!e.isOutOfMemory()) {
        throw e;
      }
      flushLeftovers();
      return command.run();
    }
  }

  private int fromHandle(Arena arena, int tpmHandle) throws TpmException {
    MemorySegment object = arena.allocate(JAVA_INT);
    run("Esys_TR_FromTPMPublic", "iiiip", tpmHandle, NONE, NONE, NONE, object);
    return object.get(JAVA_INT, 0);
  }

  private Bytes readPublic(Arena arena, int object) throws TpmException {
    MemorySegment[] out = pointers(arena, 3);
    run("Esys_ReadPublic", "iiiippp", object, NONE, NONE, NONE, out[0], out[1], out[2]);
    freeAll(out[1], out[2]);
    return Marshal.take(arena, "TPM2B_PUBLIC", out[0]);
  }

  private int keep(MemorySegment handle) {
    int object = handle.get(JAVA_INT, 0);
    loaded.add(object);
    return object;
  }

  synchronized void release(int object, boolean persistent) throws TpmException {
    if (closed) {
      return;
    }
    if (persistent) {
      try (Arena arena = Arena.ofConfined()) {
        run("Esys_TR_Close", "p", arena.allocateFrom(JAVA_INT, object));
      }
    } else if (loaded.remove(object)) {
      run("Esys_FlushContext", "i", object);
    }
  }

  /** Ends the connection as the end of a killed process does: nothing is flushed. For tests. */
  synchronized void abandon() throws TpmException {
    loaded.clear();
    close();
  }

  /** Flushes what is still loaded and ends the connection. */
  @Override
  public synchronized void close() throws TpmException {
    if (closed) {
      return;
    }
    try {
      for (int object : List.copyOf(loaded)) {
        release(object, false);
      }
    } finally {
      closed = true;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment pointer = arena.allocate(ADDRESS);
        pointer.set(ADDRESS, 0, context);
        Libtss2.callVoid("Esys_Finalize", pointer);
        pointer.set(ADDRESS, 0, tcti);
        Libtss2.callVoid("Tss2_TctiLdr_Finalize", pointer);
      }
    }
  }

  private static Bytes wire(PcrSelection selection) {
    int mask = selection.mask();
    return ByteWriter.bigEndian()
        .u32(1)
        .u16(selection.bank().id())
        .u8(3)
        .u8(mask)
        .u8(mask >>> 8)
        .u8(mask >>> 16)
        .toBytes();
  }

  private static MemorySegment[] pointers(Arena arena, int count) {
    MemorySegment[] pointers = new MemorySegment[count];
    for (int i = 0; i < count; i++) {
      pointers[i] = arena.allocate(ADDRESS);
    }
    return pointers;
  }

  private static void freeAll(MemorySegment... pointers) {
    for (MemorySegment pointer : pointers) {
      Libtss2.free(pointer.get(ADDRESS, 0));
    }
  }

  /** Calls an ESYS function, whose first parameter is always the context. */
  private void run(String function, String signature, Object... arguments) throws TpmException {
    if (closed) {
      throw new IllegalStateException("the TPM connection is closed");
    }
    Object[] all = new Object[arguments.length + 1];
    all[0] = context;
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    check(function, Libtss2.call(function, "p" + signature, all));
  }
}
