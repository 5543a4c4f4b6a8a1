// A bundle runs its imports in this order, so the gate's file comes first.
import './gate';
import './functions/PublicFunction';
import './functions/RoleFunction';
import './functions/SecuredFunction';
