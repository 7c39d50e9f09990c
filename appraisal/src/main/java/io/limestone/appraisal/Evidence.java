package io.limestone.appraisal;

import io.limestone.evidence.ImaSlice;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a node delivered in one attestation, and the nonce it was asked with.
 *
 * @param nonce the text that the quote must contain as its qualifying data
 * @param hashAlg PCR bank and signature hash as declared beside the quote, Keylime's name
 * @param encAlg kind of the attestation key, as declared
 * @param signAlg signature scheme, as declared
 * @param publicKeyPem the transport key's text exactly as delivered; partial answers omit it
 * @param ima the measurement list; absent if the node sent none
 * @param bootLog the binary TCG event log; absent if the node sent none
 * @param bootTime seconds since 1970 as the node says; the Rust agent says nothing
 */
public record Evidence(
    String nonce,
    String hashAlg,
    String encAlg,
    String signAlg,
    SignedQuote quote,
    Optional<String> publicKeyPem,
    Optional<ImaSlice> ima,
    Optional<Bytes> bootLog,
    OptionalLong bootTime) {}
