package io.limestone.tss;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The certificates that the manufacturer left in the TPM's NV memory (TCG EK Credential Profile
 * 2.5, section 2.2.1.5): certificates in DER, the padding behind them cut off, otherwise byte for
 * byte.
 *
 * @param ek the certificate of the EK itself
 * @param chain its issuers, in the order of their NV indices
 */
public record EkCertificates(Optional<Bytes> ek, List<Bytes> chain) {
  private static final int CHAIN_FIRST = 0x01C00100;
  private static final int CHAIN_LAST = 0x01C001FF;

  public EkCertificates {
    chain = List.copyOf(chain);
  }

  /** Reads those for {@code template} from the TPM. */
  public static EkCertificates read(Tpm tpm, EkTemplate template) throws TpmException {
    Optional<Bytes> ek =
        tpm.readNv(template.certificateIndex())
            .flatMap(bytes -> split(bytes.toArray()).stream().findFirst());
    ByteArrayOutputStream chain = new ByteArrayOutputStream();
    for (int index : tpm.nvIndices(CHAIN_FIRST, CHAIN_LAST)) {
      tpm.readNv(index).ifPresent(bytes -> chain.writeBytes(bytes.toArray()));
    }
    return new EkCertificates(ek, split(chain.toByteArray()));
  }

  /** The DER SEQUENCEs that follow one another in {@code bytes}, up to what is none. */
  static List<Bytes> split(byte[] bytes) {
    List<Bytes> certificates = new ArrayList<>();
    int at = 0;
    while (at + 4 <= bytes.length && bytes[at] == 0x30) {
      int end = at + sequenceSize(bytes, at);
      if (end > bytes.length) {
        throw new MalformedException("an EK certificate in NV memory is cut off");
      }
      certificates.add(Bytes.of(Arrays.copyOfRange(bytes, at, end)));
      at = end;
    }
    return certificates;
  }

  private static int sequenceSize(byte[] bytes, int at) {
    int first = bytes[at + 1] & 0xff;
    if (first < 0x80) {
      return 2 + first;
    }
    int lengthBytes = first & 0x7f;
    if (lengthBytes == 0 || lengthBytes > 2) {
      throw new MalformedException("an EK certificate in NV memory has an impossible DER length");
    }
    int length = bytes[at + 2] & 0xff;
    return lengthBytes == 1 ? 3 + length : 4 + ((length << 8) | (bytes[at + 3] & 0xff));
  }
}
