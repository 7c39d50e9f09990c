package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** RPM packages for tests: lead, signature header and header, with files and no payload. */
final class RpmBytes {
  private static final int INT16 = 3;
  private static final int INT32 = 4;
  private static final int STRING = 6;
  private static final int STRING_ARRAY = 8;

  private final List<String> paths = new ArrayList<>();
  private final List<String> digests = new ArrayList<>();
  private final List<String> signatures = new ArrayList<>();
  private int mode = 0100644;
  private int digestAlg = 8;
  private boolean wrongHeaderDigest;

  RpmBytes file(String path, String digest) {
    return file(path, digest, "");
  }

  RpmBytes file(String path, String digest, String signature) {
    paths.add(path);
    digests.add(digest);
    signatures.add(signature);
    return this;
  }

  RpmBytes digestAlg(int number) {
    digestAlg = number;
    return this;
  }

  RpmBytes mode(int all) {
    mode = all;
    return this;
  }

  RpmBytes withWrongHeaderDigest() {
    wrongHeaderDigest = true;
    return this;
  }

  byte[] toArray() {
    Header main = new Header();
    main.texts(1000, STRING, List.of("test"));
    main.numbers(1030, INT16, paths.stream().map(p -> mode).toList());
    main.texts(1035, STRING_ARRAY, digests);
    main.numbers(1116, INT32, java.util.stream.IntStream.range(0, paths.size()).boxed().toList());
    main.texts(
        1117, STRING_ARRAY, paths.stream().map(p -> p.substring(p.lastIndexOf('/') + 1)).toList());
    main.texts(
        1118,
        STRING_ARRAY,
        paths.stream().map(p -> p.substring(0, p.lastIndexOf('/') + 1)).toList());
    main.numbers(5011, INT32, List.of(digestAlg));
    byte[] mainBytes = main.toArray();
    Header signature = new Header();
    String digest = HashAlg.SHA256.digest(Bytes.of(mainBytes)).hex();
    signature.texts(273, STRING, List.of(wrongHeaderDigest ? "00".repeat(32) : digest));
    if (signatures.stream().anyMatch(s -> !s.isEmpty())) {
      signature.texts(274, STRING_ARRAY, signatures);
    }
    byte[] signatureBytes = signature.toArray();
    byte[] lead = new byte[96];
    System.arraycopy(
        new byte[] {(byte) 0xed, (byte) 0xab, (byte) 0xee, (byte) 0xdb, 3}, 0, lead, 0, 5);
    return Archives.concat(
        lead, signatureBytes, new byte[-signatureBytes.length & 7], mainBytes, new byte[100]);
  }

  private static final class Header {
    private final ByteWriter records = ByteWriter.bigEndian();
    private final ByteWriter store = ByteWriter.bigEndian();
    private int count;

    void texts(int tag, int type, List<String> texts) {
      record(tag, type, texts.size());
      texts.forEach(text -> store.bytes(text.getBytes(StandardCharsets.UTF_8)).u8(0));
    }

    void numbers(int tag, int type, List<Integer> numbers) {
      int size = type == INT16 ? 2 : 4;
      store.zeros(-store.size() & (size - 1));
      record(tag, type, numbers.size());
      numbers.forEach(
          n -> {
            var unused = size == 2 ? store.u16(n) : store.u32(n);
          });
    }

    private void record(int tag, int type, int number) {
      records.u32(tag).u32(type).u32(store.size()).u32(number);
      count++;
    }

    byte[] toArray() {
      return ByteWriter.bigEndian()
          .u32(0x8eade801L)
          .u32(0)
          .u32(count)
          .u32(store.size())
          .bytes(records.toBytes())
          .bytes(store.toBytes())
          .toArray();
    }
  }
}
