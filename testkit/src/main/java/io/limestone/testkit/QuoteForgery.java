package io.limestone.testkit;

import io.limestone.tpm.Attest;
import io.limestone.tpm.EccCurve;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PublicKeyArea;
import io.limestone.tpm.TpmtSignature;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.math.BigInteger;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** The changes of which {@link QuoteVariant} is made. */
final class QuoteForgery {
  private QuoteForgery() {}

  /** Overwrites bytes from offset {@code at} on. */
  static UnaryOperator<Bytes> patch(int at, int... values) {
    return bytes -> {
      byte[] changed = bytes.toArray();
      for (int i = 0; i < values.length; i++) {
        changed[at + i] = (byte) values[i];
      }
      return Bytes.of(changed);
    };
  }

  /** Overwrites bytes that lie {@code back} bytes before the end. */
  static UnaryOperator<Bytes> patchBack(int back, int... values) {
    return bytes -> patch(bytes.size() - back, values).apply(bytes);
  }

  static UnaryOperator<Bytes> append(int... values) {
    byte[] more = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      more[i] = (byte) values[i];
    }
    return bytes -> Bytes.concat(bytes, Bytes.of(more));
  }

  static UnaryOperator<Bytes> cut(int fromEnd) {
    return bytes -> bytes.slice(0, bytes.size() - fromEnd);
  }

  static Attest extraData(Attest attest, Bytes extraData) {
    return new Attest(
        attest.qualifiedSigner(),
        extraData,
        attest.clock(),
        attest.firmwareVersion(),
        attest.attested());
  }

  static Attest attested(Attest attest, Attest.Attested attested) {
    return new Attest(
        attest.qualifiedSigner(),
        attest.extraData(),
        attest.clock(),
        attest.firmwareVersion(),
        attested);
  }

  /** What {@code attest} says, of other selections; the digest stays. */
  static Attest selections(Attest attest, PcrSelection... selections) {
    Attest.Quote quote = (Attest.Quote) attest.attested();
    return attested(attest, new Attest.Quote(List.of(selections), quote.pcrDigest()));
  }

  static Attest digest(Attest attest, Bytes digest) {
    Attest.Quote quote = (Attest.Quote) attest.attested();
    return attested(attest, new Attest.Quote(quote.selections(), digest));
  }

  /** The bytes of a quote with a selection of {@code size} bytes instead of three. */
  static Bytes selectionOfSize(Attest attest, int size) {
    Attest.Quote quote = (Attest.Quote) attest.attested();
    Bytes whole = attest.encode();
    int tail = 4 + 2 + 1 + 3 + 2 + quote.pcrDigest().size();
    PcrSelection selection = quote.selections().getFirst();
    ByteWriter out = ByteWriter.bigEndian().bytes(whole.slice(0, whole.size() - tail));
    out.u32(1).u16(selection.bank().id()).u8(size);
    for (int i = 0; i < size; i++) {
      out.u8(i < 3 ? selection.mask() >>> (8 * i) : 0);
    }
    return out.sized16(quote.pcrDigest()).toBytes();
  }

  /** A signature under another hash, labelled as the key's. */
  static TpmtSignature mislabelled(TestAttester attester, Bytes attest, HashAlg madeWith) {
    var scheme = attester.tpm().ak().scheme().orElseThrow();
    TpmtSignature made =
        attester
            .tpm()
            .akKey()
            .sign(new io.limestone.tpm.SigningScheme(scheme.alg(), madeWith), attest);
    return switch (made) {
      case TpmtSignature.Rsa rsa ->
          new TpmtSignature.Rsa(rsa.alg(), scheme.hash(), rsa.signature());
      case TpmtSignature.Ecdsa ecdsa ->
          new TpmtSignature.Ecdsa(scheme.hash(), ecdsa.r(), ecdsa.s());
    };
  }

  static UnaryOperator<TpmtSignature> rsa(UnaryOperator<Bytes> change) {
    return signature -> {
      TpmtSignature.Rsa rsa = (TpmtSignature.Rsa) signature;
      return new TpmtSignature.Rsa(rsa.alg(), rsa.hash(), change.apply(rsa.signature()));
    };
  }

  /** Changes r; the function takes r and n. */
  static UnaryOperator<TpmtSignature> changeR(
      TestAttester attester, BinaryOperator<BigInteger> change) {
    return signature -> {
      TpmtSignature.Ecdsa ecdsa = (TpmtSignature.Ecdsa) signature;
      return new TpmtSignature.Ecdsa(
          ecdsa.hash(), number(change.apply(number(ecdsa.r()), order(attester))), ecdsa.s());
    };
  }

  /** Changes s; the function takes s and n. */
  static UnaryOperator<TpmtSignature> changeS(
      TestAttester attester, BinaryOperator<BigInteger> change) {
    return signature -> {
      TpmtSignature.Ecdsa ecdsa = (TpmtSignature.Ecdsa) signature;
      return new TpmtSignature.Ecdsa(
          ecdsa.hash(), ecdsa.r(), number(change.apply(number(ecdsa.s()), order(attester))));
    };
  }

  static PublicKeyArea.Ecc offCurve(TestAttester attester) {
    PublicKeyArea.Ecc key = (PublicKeyArea.Ecc) attester.tpm().ak().key();
    return new PublicKeyArea.Ecc(key.curve(), key.x(), flipLast(key.y()));
  }

  static Bytes flipLast(Bytes bytes) {
    byte[] changed = bytes.toArray();
    changed[changed.length - 1] ^= 1;
    return Bytes.of(changed);
  }

  private static BigInteger order(TestAttester attester) {
    EccCurve curve = ((PublicKeyArea.Ecc) attester.tpm().ak().key()).curve();
    return curve.order();
  }

  private static BigInteger number(Bytes bytes) {
    return new BigInteger(1, bytes.toArray());
  }

  private static Bytes number(BigInteger number) {
    return Bytes.of(number.toByteArray());
  }
}
