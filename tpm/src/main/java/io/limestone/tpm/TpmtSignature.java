package io.limestone.tpm;

import io.limestone.wire.ByteReader;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;

/** TPMT_SIGNATURE (TPM 2.0 Library part 2, section 11.3.4). All numbers are big endian. */
public sealed interface TpmtSignature {
  SignatureAlg alg();

  HashAlg hash();

  Bytes encode();

  /** RSASSA or RSAPSS. */
  record Rsa(SignatureAlg alg, HashAlg hash, Bytes signature) implements TpmtSignature {
    private static final int MAX_BYTES = 512;

    public Rsa {
      if (alg == SignatureAlg.ECDSA) {
        throw new IllegalArgumentException("ecdsa is no RSA scheme");
      }
    }

    @Override
    public Bytes encode() {
      return ByteWriter.bigEndian().u16(alg.id()).u16(hash.id()).sized16(signature).toBytes();
    }
  }

  record Ecdsa(HashAlg hash, Bytes r, Bytes s) implements TpmtSignature {
    private static final int MAX_BYTES = EccCurve.P521.size();

    @Override
    public SignatureAlg alg() {
      return SignatureAlg.ECDSA;
    }

    @Override
    public Bytes encode() {
      return ByteWriter.bigEndian().u16(alg().id()).u16(hash.id()).sized16(r).sized16(s).toBytes();
    }
  }

  default SigningScheme scheme() {
    return new SigningScheme(alg(), hash());
  }

  /** Keylime's word for the scheme: {@code rsassa}, {@code rsapss} or {@code ecdsa}. */
  default String keylimeName() {
    return alg().keylimeName();
  }

  /**
   * The signature that these bytes are.
   *
   * @throws MalformedException on anything else, also when bytes are left
   */
  static TpmtSignature parse(Bytes bytes) {
    ByteReader in = bytes.bigEndian();
    SignatureAlg alg = SignatureAlg.ofId(in.u16("sigAlg"));
    HashAlg hash = HashAlg.ofId(in.u16("signature hash"));
    TpmtSignature signature =
        switch (alg) {
          case RSASSA, RSAPSS -> new Rsa(alg, hash, in.value16("signature", Rsa.MAX_BYTES));
          case ECDSA -> {
            Bytes r = in.value16("r", Ecdsa.MAX_BYTES);
            yield new Ecdsa(hash, r, in.value16("s", Ecdsa.MAX_BYTES));
          }
        };
    in.finish("TPMT_SIGNATURE");
    return signature;
  }
}
