import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FileReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Collection;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1SequenceParser;
import org.bouncycastle.asn1.ASN1StreamParser;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataParser;
import org.bouncycastle.cms.KeyAgreeRecipientId;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.RecipientInformationStore;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientId;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientId;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** Opens CMS envelopes with Bouncy Castle. Lines "cms TAB key TAB cert TAB out" in, "exit code TAB message" out. */
public class Open {
    static class Unsupported extends Exception {
        Unsupported(String why) {
            super(why);
        }
    }

    static Object pem(String path) throws Exception {
        try (PEMParser parser = new PEMParser(new FileReader(path))) {
            return parser.readObject();
        }
    }

    /** A class that only newer versions have. */
    static Recipient agreeAuth(PrivateKey key) throws Exception {
        try {
            Class<?> found = Class.forName("org.bouncycastle.cms.jcajce.JceKeyAgreeAuthEnvelopedRecipient");
            JceKeyAgreeRecipient made = (JceKeyAgreeRecipient) found.getConstructor(PrivateKey.class).newInstance(key);
            return (Recipient) made.setProvider("BC");
        } catch (ClassNotFoundException missing) {
            throw new Unsupported("no recipient class for key agreement in AuthEnvelopedData");
        }
    }

    static Recipient recipient(PrivateKey key, boolean rsa, boolean auth) throws Exception {
        if (!rsa) {
            return auth ? agreeAuth(key) : new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC");
        }
        return auth ? new JceKeyTransAuthEnvelopedRecipient(key).setProvider("BC") : new JceKeyTransEnvelopedRecipient(key).setProvider("BC");
    }

    /** The streaming parser for EnvelopedData; the whole message for AuthEnvelopedData, which must not release what is not verified. */
    static RecipientInformationStore recipients(byte[] message, boolean auth) throws Exception {
        InputStream in = new ByteArrayInputStream(message);
        return auth ? new CMSAuthEnvelopedData(in).getRecipientInfos() : new CMSEnvelopedDataParser(in).getRecipientInfos();
    }

    static boolean isAuth(byte[] message) throws Exception {
        try (InputStream in = new ByteArrayInputStream(message)) {
            ASN1StreamParser parser = new ASN1StreamParser(in);
            ASN1SequenceParser sequence = (ASN1SequenceParser) parser.readObject();
            return sequence.readObject().toASN1Primitive().equals(CMSObjectIdentifiers.authEnvelopedData);
        }
    }

    static byte[] ski(X509Certificate cert) {
        byte[] extension = cert.getExtensionValue("2.5.29.14");
        return extension == null ? null : ASN1OctetString.getInstance(ASN1OctetString.getInstance(extension).getOctets()).getOctets();
    }

    static void open(String cms, String keyPath, String certPath, Path out) throws Exception {
        PrivateKey key = new JcaPEMKeyConverter().setProvider("BC").getPrivateKey((PrivateKeyInfo) pem(keyPath));
        X509Certificate cert = new JcaX509CertificateConverter().setProvider("BC").getCertificate((X509CertificateHolder) pem(certPath));
        byte[] message = Files.readAllBytes(Path.of(cms));
        boolean auth = isAuth(message);
        boolean rsa = key.getAlgorithm().equals("RSA");
        RecipientInformationStore store = recipients(message, auth);
        Collection<RecipientInformation> mine = store.getRecipients(rsa ? new JceKeyTransRecipientId(cert) : new JceKeyAgreeRecipientId(cert));
        if (mine.isEmpty() && !rsa && ski(cert) != null) {
            mine = store.getRecipients(new KeyAgreeRecipientId(ski(cert)));
        }
        if (mine.isEmpty()) {
            throw new Exception("no recipient matches the certificate");
        }
        Path part = Path.of(out + ".part");
        try (OutputStream to = Files.newOutputStream(part)) {
            InputStream content = mine.iterator().next().getContentStream(recipient(key, rsa, auth)).getContentStream();
            content.transferTo(to);
            content.close();
        } catch (Throwable error) {
            Files.deleteIfExists(part);
            throw error;
        }
        Files.move(part, out, StandardCopyOption.REPLACE_EXISTING);
    }

    static String chain(Throwable error) {
        String text = error.toString();
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            text += " <- " + cause;
        }
        return text.replace('\n', ' ').replace('\t', ' ');
    }

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] field = line.split("\t");
            String answer = "0\t";
            try {
                open(field[0], field[1], field[2], Path.of(field[3]));
            } catch (Unsupported error) {
                answer = "3\t" + error.getMessage();
            } catch (Throwable error) {
                answer = "1\t" + chain(error);
            }
            System.out.println(answer);
            System.out.flush();
        }
    }
}
